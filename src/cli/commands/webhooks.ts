import type { Command } from "@commander-js/extra-typings";

import type { MessageView } from "../../contract/message-view.ts";
import type { CommandContext } from "../command-context.ts";
import { commandLine } from "../command-line.ts";
import { serverOption, wholeNumber, withConfigOptions } from "../command-options.ts";
import { table } from "../table.ts";
import { sessionOf, withClient } from "../with-client.ts";

export function addWebhooksCommand(program: Command, context: CommandContext): void {
  const webhooks = program
    .command("webhooks")
    .description("look at the messages to the webhooks of the configuration, and send them again");
  addList(webhooks, context);
  addRedeliver(webhooks, context);
}

function addList(webhooks: Command, { output }: CommandContext): void {
  withConfigOptions(webhooks.command("list", { isDefault: true }))
    .description("list messages, newest first (this is what `webhooks` alone does)")
    .addOption(serverOption)
    .option("--status <status>", "pending, delivered or dead; several are separated by commas")
    .option("--workflow <id>", "only of this workflow")
    .option("--limit <number>", "how many, 1 to 1000", wholeNumber, 50)
    .option("--cursor <cursor>", "next_cursor of the page before")
    .action((options) =>
      withClient(options, async (client) => {
        const { status, workflow: workflow_id, limit, cursor } = options;
        const page = await client.listMessages({ status, workflow_id, limit, cursor });
        if (options.json) return output.json(page);
        for (const line of table(page.data.map(rowOf))) output.print(line);
        if (page.data.length === 0) output.say("no messages");
        if (page.next_cursor !== null) output.say(`more with --cursor ${page.next_cursor}`);
        const dead = page.data.find((message) => message.status === "dead");
        if (dead) output.say(`send one again with: ${commandLine(options)(`webhooks redeliver ${dead.id}`)}`);
      }),
    );
}

function rowOf({ id, type, status, attempts, created_at, last_result }: MessageView): string[] {
  const tries = attempts === 1 ? "1 attempt" : `${attempts} attempts`;
  return [
    id,
    type,
    status,
    tries,
    created_at.slice(0, 16),
    status === "delivered" ? "" : (last_result ?? ""),
  ];
}

function addRedeliver(webhooks: Command, { output }: CommandContext): void {
  withConfigOptions(webhooks.command("redeliver"))
    .description("send a message again, whatever became of it")
    .argument("<id>", "the message, as `webhooks` names it")
    .addOption(serverOption)
    .action(async (id, options) => {
      const session = await sessionOf(options, false);
      try {
        const message = await session.client.redeliverMessage(id);
        if (options.json) return output.json(message);
        output.print(`${message.id}  ${message.status}`);
        if (session.place === "here")
          output.say(`no server is running that sends it; start one with: ${commandLine(options)("serve")}`);
      } finally {
        await session.close(0);
      }
    });
}
