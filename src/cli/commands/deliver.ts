import type { Command } from "@commander-js/extra-typings";

import type { WorkflowView } from "../../contract/workflow-view.ts";
import type { CommandContext } from "../command-context.ts";
import { type CommandLine, commandLine } from "../command-line.ts";
import { configOf, serverOption, withConfigOptions } from "../command-options.ts";
import {
  actionRows,
  deliveryAdvice,
  deliveryLines,
  deliveryReason,
  previewLines,
  waitingAdvice,
} from "../delivery-lines.ts";
import { deliveryOf, settingOption } from "../delivery-options.ts";
import { CliError } from "../exit-code.ts";
import { followToEnd } from "../follow-to-end.ts";
import type { Session } from "../session.ts";
import { table } from "../table.ts";
import { type ClientOptions, closingOnFailure, sessionOf, withClient } from "../with-client.ts";

export function addDeliverCommand(program: Command, context: CommandContext): void {
  const { output } = context;
  withConfigOptions(program.command("deliver"))
    .description("hand finished work over, once more or elsewhere; without an id, list the ways")
    .argument("[id]", "a workflow")
    .option("--action <name>", "by this way; as it was asked for before when absent")
    .addOption(settingOption())
    .option("--dry-run", "say what would happen, and do nothing")
    .option("--skip <reason>", "do without the delivery that waits or has failed")
    .addOption(serverOption)
    .action(async (id, { action, set, dryRun, skip, ...options }) => {
      const delivery = deliveryOf(action, set);
      if (id === undefined) return listActions(context, options);
      if (skip !== undefined) {
        if (delivery !== null || dryRun) throw new CliError("usage", "--skip goes with nothing else");
        return withClient(options, async (client) => {
          const workflow = await client.skipDelivery(id, skip);
          if (options.json) return output.json(workflow);
          output.print(`${workflow.id}  ${workflow.status}`);
        });
      }
      if (!dryRun) return deliver(context, options, { id, delivery });
      return withClient(options, async (client) => {
        const preview = await client.previewDelivery(id, { delivery });
        if (options.json) return output.json(preview);
        for (const line of previewLines(preview)) output.print(line);
      });
    });
}

async function listActions({ output }: CommandContext, options: ClientOptions): Promise<void> {
  return withClient(options, async (client) => {
    const actions = await client.listDeliveryActions();
    if (options.json) return output.json({ data: actions, next_cursor: null });
    for (const line of table(actionRows(actions))) output.print(line);
  });
}

/** The server of this process is gone by the time that somebody follows its links. */
function originOf({ place, client }: Session): string {
  return place === "here" ? "" : client.url;
}

function adviceFor(workflow: WorkflowView, next: CommandLine): string[] {
  if (deliveryReason(workflow) === "ok") return [];
  const waits = workflow.delivery?.status === "pending" || workflow.delivery?.status === "delivering";
  return waits ? waitingAdvice(workflow.id, next) : deliveryAdvice(workflow, next);
}

type Wanted = { readonly id: string; readonly delivery: ReturnType<typeof deliveryOf> };

/** Delivers and follows it to its end; the exit code is that of the delivery. */
async function deliver(
  context: CommandContext,
  options: ClientOptions,
  { id, delivery }: Wanted,
): Promise<void> {
  const { output } = context;
  const session = await sessionOf(options, true);
  const workflow = await closingOnFailure(session, () => session.client.deliver(id, { delivery }));
  const next = commandLine(options);
  context.exitCode = await followToEnd(id, session, {
    config: configOf(options).config,
    output,
    json: options.json === true,
    stream: output.talk,
    after: workflow.version - 1,
    next,
    reopen: () => sessionOf(options, true),
    reason: deliveryReason,
    closing: ({ workflow: ended }) => [
      ...(ended.delivery === null ? [] : deliveryLines(ended.delivery, originOf(session))),
      ...adviceFor(ended, next),
    ],
  });
}
