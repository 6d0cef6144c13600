import type { Command } from "@commander-js/extra-typings";

import { holdsToken } from "../../core/literal-secrets.ts";
import { secretName } from "../../core/secret-reference.ts";
import type { CommandContext } from "../command-context.ts";
import { serverOption, withConfigOptions } from "../command-options.ts";
import { CliError } from "../exit-code.ts";
import { readSecretValue } from "../read-secret-value.ts";
import { table } from "../table.ts";
import { withClient } from "../with-client.ts";

/** Below this a value stands in too many texts to be kept out of them. */
const SHORTEST_KNOWN = 8;

export function addSecretsCommand(program: Command, context: CommandContext): void {
  const secrets = program.command("secrets").description("store what deliveries name as secret://NAME");
  addSet(secrets, context);
  addList(secrets, context);
  addDelete(secrets, context);
  addRotate(secrets, context);
}

function addSet(secrets: Command, { output }: CommandContext): void {
  withConfigOptions(secrets.command("set"))
    .description("store a secret, encrypted; its value is piped in, or asked for and not shown")
    .argument("<name>", "such as GITHUB_TOKEN")
    .option("--value-file <file>", "take the value from this file, as for one of several lines")
    .addOption(serverOption)
    .action(async (given, { valueFile, ...options }) => {
      const name = nameIn(given);
      const value = await readSecretValue({
        file: valueFile ?? null,
        question: `value of ${name} (it is not shown): `,
        input: process.stdin,
        talk: output.talk,
      });
      if (value.length < SHORTEST_KNOWN)
        output.complain(
          `warning: with less than ${SHORTEST_KNOWN} characters ${name} can't be kept out of messages and files`,
        );
      await withClient(options, async (client) => {
        const secret = await client.setSecret(name, value);
        if (options.json) output.json(secret);
        else output.print(`stored ${name}; a delivery names it as secret://${name}`);
      });
    });
}

function addList(secrets: Command, { output }: CommandContext): void {
  withConfigOptions(secrets.command("list"))
    .description("list the names of stored secrets; their values are shown nowhere")
    .addOption(serverOption)
    .action((options) =>
      withClient(options, async (client) => {
        const data = await client.listSecrets();
        if (options.json) return output.json({ data });
        const rows = data.map(({ name, updated_at }) => [name, `set ${updated_at}`]);
        for (const line of table(rows)) output.print(line);
        if (data.length === 0) output.say("no secret is stored");
      }),
    );
}

function addDelete(secrets: Command, { output }: CommandContext): void {
  withConfigOptions(secrets.command("delete"))
    .description("delete a stored secret")
    .argument("<name>", "such as GITHUB_TOKEN")
    .addOption(serverOption)
    .action((given, options) =>
      withClient(options, async (client) => {
        const name = nameIn(given);
        await client.deleteSecret(name);
        if (options.json) output.json({ name, deleted: true });
        else output.print(`deleted ${name}`);
      }),
    );
}

function addRotate(secrets: Command, { output }: CommandContext): void {
  withConfigOptions(secrets.command("rotate"))
    .description("encrypt stored secrets with the newest key, after which secrets.previous_key can go")
    .addOption(serverOption)
    .action((options) =>
      withClient(options, async (client) => {
        const answer = await client.rotateSecrets();
        if (options.json) output.json(answer);
        else output.print(`encrypted ${answer.rotated} anew`);
        for (const name of answer.unreadable)
          output.complain(`${name} is opened by no key; set it again: orca secrets set ${name}`);
      }),
    );
}

/** Whoever gives the value in the place of the name is not shown it, and it goes into no log. */
function nameIn(given: string): string {
  const name = secretName(`secret://${given}`);
  if (name !== null && !holdsToken(given)) return name;
  throw new CliError(
    "usage",
    "a secret has a name of letters, digits and underscores, such as GITHUB_TOKEN; its value is piped in or asked for",
    { code: "invalid_secret_name" },
  );
}
