import type { Command } from "@commander-js/extra-typings";

import type { CommandContext } from "../command-context.ts";
import { serverOption, treeOption, wholeNumber, withConfigOptions } from "../command-options.ts";
import { CliError } from "../exit-code.ts";
import type { HttpClient } from "../http-client.ts";
import { sizeText, stripControls } from "../progress/wording.ts";
import { receiptLines, receiptText } from "../receipt-lines.ts";
import { table } from "../table.ts";
import { withClient } from "../with-client.ts";
import { addBundleCommand } from "./workflow-bundle.ts";

/** What a workflow has come to, below `orca workflows`. */
export function addResultCommands(workflows: Command, context: CommandContext): void {
  addReceipts(workflows, context);
  addDiff(workflows, context);
  addFiles(workflows, context);
  addBundleCommand(workflows, context);
  addWaive(workflows, context);
}

function addReceipts(workflows: Command, { output }: CommandContext): void {
  withConfigOptions(workflows.command("receipts"))
    .description("show what was run on the work and how it ended")
    .argument("<id>")
    .argument("[receipt]", "one of them, with the end of what it printed")
    .addOption(serverOption)
    .option("--cycle <number>", "only those of this repair cycle", wholeNumber)
    .option("--criterion <id>", "only those that decide this criterion")
    .action((id, receipt, options) =>
      withClient(options, async (client) => {
        if (receipt !== undefined) {
          const one = await client.readReceipt(id, receipt);
          if (options.json) return output.json(one);
          for (const line of receiptText(one)) output.print(line);
          return;
        }
        const { cycle, criterion } = options;
        const receipts = await client.listReceipts(id, { cycle, criterion });
        if (options.json) return output.json({ data: receipts, next_cursor: null });
        for (const line of receiptLines(receipts)) output.print(line);
        if (receipts.length === 0) output.say("nothing was run on it yet");
      }),
    );
}

function addDiff(workflows: Command, { output }: CommandContext): void {
  withConfigOptions(workflows.command("diff"))
    .description("show what changed between two trees of a workflow")
    .argument("<id>")
    .addOption(serverOption)
    .option("--from <tree>", "base, cycle-<n> or task:<key>", "cycle-0")
    .option("--to <tree>", "the same, or latest", "latest")
    .action((id, options) =>
      withClient(options, async (client) => {
        const { from, to } = options;
        const diff = await client.diff(id, { from, to });
        if (options.json) return output.json({ from, to, diff });
        if (diff === "") output.say("the trees are alike");
        // What a terminal shows may not move its cursor; what goes into a file has to stay as it is.
        else output.out.write(output.out.isTTY ? stripControls(diff) : diff);
      }),
    );
}

function addFiles(workflows: Command, { output }: CommandContext): void {
  withConfigOptions(workflows.command("files"))
    .description("list the files of a tree, or print one of them")
    .argument("<id>")
    .argument("[path]", "the file to print")
    .addOption(serverOption)
    .addOption(treeOption)
    .action((id, path, options) =>
      withClient(options, async (client) => {
        const files = await client.listFiles(id, options.tree);
        if (path === undefined) {
          if (options.json) return output.json({ data: files, next_cursor: null });
          for (const line of table(files.map((one) => [one.path, sizeText(one.size), `r${one.revision}`])))
            output.print(line);
          if (files.length === 0) output.say("it has no files yet");
          return;
        }
        const file = files.find((one) => one.path === path);
        if (file === undefined)
          throw new CliError("not_found", `there is no ${path} in ${options.tree}`, {
            code: "file_not_found",
          });
        const content = await client.readArtifact(id, file.artifact_id);
        if (options.json) return output.json({ ...file, content });
        output.out.write(output.out.isTTY ? stripControls(content) : content);
      }),
    );
}

function addWaive(workflows: Command, { output }: CommandContext): void {
  withConfigOptions(workflows.command("waive"))
    .description("do without a criterion, or take it on yourself that a finding stands")
    .argument("<id>")
    .argument("<criterion or finding>", "such as AC1 or f2")
    .requiredOption("--reason <text>", "why it may be missing")
    .addOption(serverOption)
    .action((id, of, options) =>
      withClient(options, async (client) => {
        const what = await kindOf(client, id, of);
        const workflow = await client.waive(id, { what, of, reason: options.reason });
        if (options.json) return output.json(workflow);
        output.print(`${workflow.id}  ${workflow.status}  ${of} waived`);
      }),
    );
}

async function kindOf(client: HttpClient, id: string, of: string): Promise<"criteria" | "findings"> {
  const { criteria, findings } = await client.readWorkflow(id);
  if (criteria.some((criterion) => criterion.id === of)) return "criteria";
  if (findings.some((finding) => finding.id === of)) return "findings";
  const known = criteria.map((criterion) => criterion.id).join(", ") || "none yet";
  throw new CliError("not_found", `${id} has no criterion or finding ${of}; criteria: ${known}`, {
    code: "unknown_criterion",
  });
}
