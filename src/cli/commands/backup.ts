import { resolve } from "node:path";

import type { Command } from "@commander-js/extra-typings";

import { maskUrl } from "../../config/database-url.ts";
import type { CommandContext } from "../command-context.ts";
import { quoted } from "../command-line.ts";
import { configOf, withConfigOptions } from "../command-options.ts";
import { CliError } from "../exit-code.ts";
import { sizeText } from "../progress/wording.ts";

export function addBackupCommand(program: Command, { output }: CommandContext): void {
  withConfigOptions(program.command("backup"))
    .description("copy a SQLite database into a file, also while a server works on it, and check the copy")
    .argument("<file>", "the backup to write")
    .option("--force", "replace a file that stands there")
    .action(async (given, options) => {
      const { config } = configOf(options);
      const { backupNow } = await import("../../app/open-maintenance.ts");
      const file = resolve(given);
      const made = await backupNow(config, file, { force: options.force === true }).catch(
        (error: unknown) => {
          throw isTaken(error) ? standsInTheWay(file, error) : error;
        },
      );
      if (made === null) throw byItsOwnTools(config.database, given);
      if (options.json) output.json({ type: "backup", ...made });
      else output.print(`${made.file}  ${sizeText(made.bytes)}, checked`);
    });
}

function isTaken(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "code" in error && error.code === "EEXIST";
}

function standsInTheWay(file: string, cause: Error): CliError {
  return new CliError("conflict", `${file} exists already; name another file, or replace it with --force`, {
    cause,
    code: "file_exists",
  });
}

function byItsOwnTools(database: string, file: string): CliError {
  const command = `pg_dump --format=custom --no-owner --file=${quoted(file)} "$ORCA_DATABASE"`;
  return new CliError(
    "usage",
    `a PostgreSQL database is backed up by its own tools, also while servers run: ${command} ` +
      `where ORCA_DATABASE is its address, ${maskUrl(database)} with the password`,
    { code: "backup_by_pg_dump" },
  );
}
