import type { Command } from "@commander-js/extra-typings";

import { maskUrl } from "../../config/database-url.ts";
import type { CommandContext } from "../command-context.ts";
import { configOf, withConfigOptions } from "../command-options.ts";
import { exitCode } from "../exit-code.ts";
import { prepareDataDir } from "../server-file.ts";
import { table } from "../table.ts";

export function addMigrateCommand(program: Command, context: CommandContext): void {
  const { output } = context;
  withConfigOptions(program.command("migrate"))
    .description("bring the tables of the database up to date, as every start of a server does")
    .option("--status", "only show the steps and when they were taken")
    .option("--check", "as --status, with exit code 1 when a step is missing")
    .action(async (options) => {
      const { config } = configOf(options);
      const { migrateNow, migrationsOf } = await import("../../app/open-maintenance.ts");
      const onlyLook = options.status === true || options.check === true;
      if (!onlyLook && config.database.startsWith("sqlite:")) await prepareDataDir(config);
      const taken = onlyLook ? [] : await migrateNow(config);
      const steps = await migrationsOf(config);
      const behind = steps.some(({ done_at }) => done_at === null);
      if (options.check && behind) context.exitCode = exitCode("failed");
      if (options.json) return output.json({ up_to_date: !behind, taken, steps });
      if (onlyLook) {
        for (const line of table(steps.map(({ name, done_at }) => [name, done_at ?? "missing"])))
          output.print(line);
        return;
      }
      for (const name of taken) output.print(`${name}  taken`);
      output.say(`${maskUrl(config.database)} is up to date`);
    });
}
