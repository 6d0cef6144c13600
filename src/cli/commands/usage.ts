import type { Command } from "@commander-js/extra-typings";

import type { CommandContext } from "../command-context.ts";
import { configOf, serverOption, withConfigOptions } from "../command-options.ts";
import { openSession } from "../session.ts";
import { usageLines } from "../usage-lines.ts";
import { openLocal } from "./run.ts";

export function addUsageCommand(program: Command, { output }: CommandContext): void {
  withConfigOptions(program.command("usage"))
    .description("what model calls took and cost")
    .option("--by <groups>", "day, scope, role, model, workflow, or several by commas", "model")
    .option("--from <day>", "first day, in UTC; a month back when absent")
    .option("--to <day>", "last day, in UTC; today when absent")
    .option("--scope <id>", "only this scope")
    .option("--workflow <id>", "only this workflow")
    .addOption(serverOption)
    .action(async ({ by, from, to, scope, workflow, ...options }) => {
      const { config } = configOf(options);
      const session = await openSession({
        config: { ...config, log: { ...config.log, level: "silent" } },
        server: options.server,
        execute: false,
        openLocal,
      });
      try {
        const query = { group_by: by, from, to, scope_id: scope, workflow_id: workflow };
        const usage = await session.client.usage(query);
        // Nothing was spent, or the id is wrong: the latter rejects.
        if (workflow !== undefined && usage.totals.model_calls === 0)
          await session.client.readWorkflow(workflow);
        if (options.json) return output.json(usage);
        for (const line of usageLines(usage)) output.print(line);
        if (usage.next_cursor !== null) output.say(`only the first ${usage.data.length} groups are shown`);
      } finally {
        await session.close(0);
      }
    });
}
