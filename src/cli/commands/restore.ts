import { resolve } from "node:path";

import type { Command } from "@commander-js/extra-typings";

import { maskUrl } from "../../config/database-url.ts";
import type { CommandContext } from "../command-context.ts";
import { commandLine, quoted } from "../command-line.ts";
import { configOf, withConfigOptions } from "../command-options.ts";
import { CliError } from "../exit-code.ts";
import { prepareDataDir } from "../server-file.ts";

export function addRestoreCommand(program: Command, { output }: CommandContext): void {
  withConfigOptions(program.command("restore"))
    .description(
      "put a backup in the place of a SQLite database that no server has open; the old one is kept",
    )
    .argument("<file>", "the backup to restore")
    .action(async (given, options) => {
      const { config } = configOf(options);
      const { restoreNow } = await import("../../app/open-maintenance.ts");
      if (config.database.startsWith("sqlite:")) await prepareDataDir(config);
      const restored = await restoreNow(config, resolve(given));
      if (restored === null) throw byItsOwnTools(config.database, given);
      if (options.json) return output.json({ type: "restored", ...restored });
      output.print(`${restored.file}  restored`);
      if (restored.before !== null) output.print(`${restored.before}  is what stood there before`);
      output.say(`its workflows go on with: ${commandLine(options)("serve")}`);
    });
}

function byItsOwnTools(database: string, file: string): CliError {
  const command = `pg_restore --clean --if-exists --no-owner --dbname="$ORCA_DATABASE" ${quoted(file)}`;
  return new CliError(
    "usage",
    `a PostgreSQL database is restored by its own tools, with every node stopped: ${command} ` +
      `where ORCA_DATABASE is its address, ${maskUrl(database)} with the password`,
    { code: "restore_by_pg_restore" },
  );
}
