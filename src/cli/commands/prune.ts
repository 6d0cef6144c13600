import type { Command } from "@commander-js/extra-typings";

import type { CommandContext } from "../command-context.ts";
import { configOf, wholeNumber, withConfigOptions } from "../command-options.ts";
import { CliError } from "../exit-code.ts";
import { onInterruption } from "../interruption.ts";
import { plural, sizeText } from "../progress/wording.ts";

export function addPruneCommand(program: Command, { output }: CommandContext): void {
  withConfigOptions(program.command("prune"))
    .description("delete closed workflows past their time now, as servers do every hour")
    .option(
      "--days <number>",
      "days for which closed workflows are kept (retention.workflows_days)",
      wholeNumber,
    )
    .option("--dry-run", "only tell what would go")
    .action(async (options) => {
      const { config } = configOf(options);
      const { dryRun = false, days } = options;
      if (days === 0) throw new CliError("usage", "--days: expected at least 1");
      const interruption = onInterruption();
      const { pruneNow } = await import("../../app/open-maintenance.ts");
      const { signal } = interruption;
      const pruned = await pruneNow(config, { workflowsDays: days ?? null, dryRun, signal }).catch(
        (error: unknown) => {
          throw isLocked(error) ? serverHasIt(error, config.retention.workflows_days) : error;
        },
      );
      interruption.release();
      if (days === undefined && config.retention.workflows_days === null)
        output.say("retention.workflows_days is not set: workflows are kept for ever; --days prunes once");
      if (options.json) return output.json({ dry_run: dryRun, ...pruned });
      const { workflows, blobs, blob_bytes, idempotency_keys, messages, received_hooks } = pruned;
      const hooks = received_hooks === null ? "" : `, ${plural(received_hooks, "received hook")}`;
      output.print(
        `${dryRun ? "would delete" : "deleted"} ${plural(workflows, "workflow")}, ` +
          `${plural(blobs, "stored content")} (${sizeText(blob_bytes)}), ${plural(idempotency_keys, "idempotency key")}, ${plural(messages, "webhook message")}${hooks}`,
      );
    });
}

function isLocked(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && "code" in error && error.code === "storage_locked";
}

function serverHasIt(error: Error & { readonly code: string }, days: number | null): CliError {
  const does =
    days === null
      ? "it keeps workflows for ever, because retention.workflows_days is not set; set that"
      : `it prunes by itself every hour what is older than ${plural(days, "day")}; wait for that`;
  const message = `a server has this SQLite database open, and ${does}, or stop the server to prune by hand`;
  return new CliError("unavailable", message, { cause: error, code: error.code });
}
