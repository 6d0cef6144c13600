import type { Command } from "@commander-js/extra-typings";

import type { CommandContext } from "../command-context.ts";
import { configOf, serverOption, withConfigOptions } from "../command-options.ts";
import { CONNECTING_ADVICE } from "../connecting-advice.ts";
import { CliError, exitCode } from "../exit-code.ts";
import type { HttpClient, Model } from "../http-client.ts";
import { countText } from "../progress/wording.ts";
import { openSession } from "../session.ts";
import { table } from "../table.ts";
import { openLocal } from "./run.ts";

export function addModelsCommand(program: Command, context: CommandContext): void {
  const { output } = context;
  withConfigOptions(program.command("models"))
    .description("list the models of the providers, as --model takes them")
    .argument("[provider]", "only those of this provider")
    .addOption(serverOption)
    .action(async (provider, options) => {
      const { config } = configOf(options);
      const session = await openSession({
        config: { ...config, log: { ...config.log, level: "silent" } },
        server: options.server,
        execute: false,
        openLocal,
      });
      try {
        const catalogues = await cataloguesOf(session.client, provider);
        if (options.json) output.json({ data: catalogues });
        else {
          const rows = catalogues.flatMap(({ provider: name, models }) => rowsOf(name, models));
          for (const line of table(rows)) output.print(line);
          for (const { provider: name, error } of catalogues)
            if (error !== null) output.complain(`${name}: ${error}`);
          if (catalogues.length === 0) {
            output.say("no provider is configured");
            for (const line of CONNECTING_ADVICE) output.say(line);
          }
        }
        if (catalogues.some(({ error }) => error !== null)) context.exitCode = exitCode("unavailable");
      } finally {
        await session.close(0);
      }
    });
}

type Catalogue = {
  readonly provider: string;
  readonly models: readonly Model[];
  /** Why the provider did not list its models; null when it did. */
  readonly error: string | null;
};

/** One provider that was named fails the command when it does not answer; among all it is only told. */
async function cataloguesOf(client: HttpClient, provider: string | undefined): Promise<Catalogue[]> {
  if (provider !== undefined) return [{ provider, models: await client.listModels(provider), error: null }];
  const { data } = await client.listProviders();
  return Promise.all(
    data.map(async ({ name }): Promise<Catalogue> => {
      try {
        return { provider: name, models: await client.listModels(name), error: null };
      } catch (error) {
        if (error instanceof CliError) return { provider: name, models: [], error: error.message };
        throw error;
      }
    }),
  );
}

function rowsOf(provider: string, models: readonly Model[]): string[][] {
  return models.map(({ id, name, context_window }) => [
    `${provider}/${id}`,
    name === id ? "" : name,
    context_window === null ? "" : `${countText(context_window)} tokens`,
  ]);
}
