import { type Command, Option } from "@commander-js/extra-typings";

import { OUTCOMES } from "../../core/tool-semantics.ts";
import { budgetOf, withBudgetOptions } from "../budget-options.ts";
import type { CommandContext } from "../command-context.ts";
import { commandLine } from "../command-line.ts";
import { serverOption, treeOption, wholeNumber, withConfigOptions } from "../command-options.ts";
import { exitCode } from "../exit-code.ts";
import { modelUsage } from "../model-usage.ts";
import { pinnedModel } from "../pinned-model.ts";
import { sizeText } from "../progress/wording.ts";
import { saveArtifacts } from "../save-artifacts.ts";
import { table } from "../table.ts";
import { closingOnFailure, follow, sessionOf, withClient } from "../with-client.ts";
import { workflowLines } from "../workflow-lines.ts";
import { addResultCommands } from "./workflow-results.ts";

export function addWorkflowsCommand(program: Command, context: CommandContext): void {
  const workflows = program.command("workflows").description("look at workflows and steer them");
  addList(workflows, context);
  addShow(workflows, context);
  addArtifacts(workflows, context);
  addResultCommands(workflows, context);
  addWatch(workflows, context);
  addSteering(workflows, context, "pause");
  addResume(workflows, context);
  addSteering(workflows, context, "cancel");
}

function addList(workflows: Command, { output }: CommandContext): void {
  withConfigOptions(workflows.command("list"))
    .description("list workflows, newest first")
    .addOption(serverOption)
    .option("--status <status>", "only these, separated by commas")
    .option("--limit <number>", "how many, 1 to 1000", wholeNumber, 50)
    .option("--cursor <cursor>", "next_cursor of the page before")
    .action((options) =>
      withClient(options, async (client) => {
        const { status, limit, cursor } = options;
        const page = await client.listWorkflows({ status, limit, cursor });
        if (options.json) return output.json(page);
        const rows = page.data.map((one) => [
          one.id,
          one.verdict === null ? one.status : `${one.status}, ${one.verdict}`,
          one.mode ?? "",
          one.created_at.slice(0, 16),
          one.title,
        ]);
        for (const line of table(rows)) output.print(line);
        if (page.data.length === 0) output.say("no workflows");
        if (page.next_cursor !== null) output.say(`more with --cursor ${page.next_cursor}`);
      }),
    );
}

function addShow(workflows: Command, { output }: CommandContext): void {
  withConfigOptions(workflows.command("show"))
    .description("show one workflow with its tasks, criteria, receipts, findings and artifacts")
    .argument("<id>")
    .addOption(serverOption)
    .action((id, options) =>
      withClient(options, async (client) => {
        const workflow = await client.readWorkflow(id);
        if (options.json) return output.json(workflow);
        const usage = modelUsage(await client.listEvents(id));
        const receipts = await client.listReceipts(id);
        for (const line of workflowLines(workflow, { usage, receipts })) output.print(line);
      }),
    );
}

function addArtifacts(workflows: Command, { output }: CommandContext): void {
  withConfigOptions(workflows.command("artifacts"))
    .description("list the artifacts of a workflow, or write them to a directory")
    .argument("<id>")
    .addOption(serverOption)
    .addOption(treeOption)
    .option("--out <dir>", "directory to write to")
    .option("--force", "overwrite files that have other content")
    .action((id, options) =>
      withClient(options, async (client) => {
        if (options.out !== undefined) {
          const { out: directory, force = false } = options;
          const place = { directory, force, ...(options.tree === "latest" ? {} : { tree: options.tree }) };
          const files = await saveArtifacts(client, id, place);
          if (options.json) return output.json({ files });
          for (const file of files) output.print(file);
          return;
        }
        const { tree } = options;
        const artifacts =
          tree === "latest" ? await client.listArtifacts(id) : await client.listFiles(id, tree);
        if (options.json) return output.json({ data: artifacts, next_cursor: null });
        const rows = artifacts.map((one) => [
          one.path,
          sizeText(one.size),
          `r${one.revision}`,
          one.description,
        ]);
        for (const line of table(rows)) output.print(line);
        if (artifacts.length === 0) output.say("it has no artifacts yet");
      }),
    );
}

function addSteering(workflows: Command, { output }: CommandContext, verb: "pause" | "cancel"): void {
  const effect = verb === "pause" ? "start nothing new; running steps finish" : "end a workflow at once";
  withConfigOptions(workflows.command(verb))
    .description(effect)
    .argument("<id>")
    .addOption(serverOption)
    .action((id, options) =>
      withClient(options, async (client) => {
        const workflow = await client[verb](id);
        if (options.json) return output.json(workflow);
        output.print(`${workflow.id}  ${workflow.status}`);
      }),
    );
}

function addWatch(workflows: Command, context: CommandContext): void {
  const { output } = context;
  withConfigOptions(workflows.command("watch"))
    .description("follow a workflow from its beginning to its end")
    .argument("<id>")
    .option("--verbose", "show the calls of tools as well")
    .addOption(serverOption)
    .action(async (id, options) => {
      const session = await sessionOf(options, false);
      const workflow = await closingOnFailure(session, () => session.client.readWorkflow(id));
      if (session.place === "here" && !workflow.closed && workflow.waiting === null) {
        await session.close(0);
        output.complain(`${id} is ${workflow.status}, but no server is running that works on it`);
        output.complain(`continue it with: ${commandLine(options)("serve")}`);
        context.exitCode = exitCode("waiting");
        return;
      }
      await follow(context, id, session, options);
    });
}

function addResume(workflows: Command, context: CommandContext): void {
  const { output } = context;
  withBudgetOptions(withConfigOptions(workflows.command("resume")))
    .description(
      "continue a workflow that waits or has failed; without a server it is worked on here, to its end",
    )
    .argument("<id>")
    .addOption(serverOption)
    .option("--max-qa-retries <number>", "repair cycles before it fails", wholeNumber)
    .option("--model <provider/model>", "use this model for every role from now on")
    .addOption(
      new Option("--outcome <outcome>", "what became of the outside effect it waits for").choices(OUTCOMES),
    )
    .action(async (id, options) => {
      const session = await sessionOf(options, true);
      const { maxQaRetries, model, outcome } = options;
      const budget = budgetOf(options);
      const pinned = model === undefined ? {} : pinnedModel(model);
      const workflow = await closingOnFailure(session, () =>
        session.client.resume(id, {
          ...(maxQaRetries === undefined ? {} : { max_qa_retries: maxQaRetries }),
          ...pinned,
          ...(budget === undefined ? {} : { budget }),
          ...(outcome === undefined ? {} : { outcome }),
        }),
      );
      if (session.place === "here") return follow(context, id, session, options);
      await session.close(0);
      if (options.json) return output.json(workflow);
      output.print(`${workflow.id}  ${workflow.status}`);
    });
}
