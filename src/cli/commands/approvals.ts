import type { Command } from "@commander-js/extra-typings";

import type { RespondRequest } from "../../contract/approval-request.ts";
import { approvalLines } from "../approval-lines.ts";
import type { CommandContext } from "../command-context.ts";
import { commandLine } from "../command-line.ts";
import { serverOption, withConfigOptions } from "../command-options.ts";
import { editInEditor, type PlanEdit, planText, readPlanFile } from "../edit-plan.ts";
import { CliError, exitCode } from "../exit-code.ts";
import { approvalAdvice } from "../gate-advice.ts";
import type { HttpClient } from "../http-client.ts";
import { table } from "../table.ts";
import { type ClientOptions, closingOnFailure, follow, sessionOf, withClient } from "../with-client.ts";

export function addApprovalCommands(program: Command, context: CommandContext): void {
  addApprovals(program, context);
  addAnswer(program, context, ["approve", "approve", "go on with what an approval shows"]);
  addAnswer(program, context, ["request-changes", "request_changes", "have it done again, and shown again"]);
  addAnswer(program, context, ["reject", "reject", "end the workflow instead of approving"]);
  addEdit(program, context);
}

function addApprovals(program: Command, { output }: CommandContext): void {
  withConfigOptions(program.command("approvals"))
    .description("list what waits for your answer, or show one with what it is about")
    .argument("[id]", "an approval, or a workflow that waits for one")
    .addOption(serverOption)
    .action((id, options) =>
      withClient(options, async (client) => {
        if (id === undefined) {
          const approvals = await client.listApprovals();
          if (options.json) return output.json({ data: approvals, next_cursor: null });
          const rows = approvals.map((one) => [one.id, one.gate, one.requested_at.slice(0, 16), one.title]);
          for (const line of table(rows)) output.print(line);
          if (approvals.length === 0) output.say("nothing waits for an answer");
          return;
        }
        const approval = await client.readApproval(await approvalId(client, id));
        if (options.json) return output.json(approval);
        for (const line of approvalLines(approval)) output.print(line);
        if (approval.status !== "open") return;
        for (const line of ["", ...approvalAdvice(approval, commandLine(options))]) output.say(line);
      }),
    );
}

/** The approval that a workflow waits for; an id of an approval stands for itself. */
async function approvalId(client: HttpClient, id: string): Promise<string> {
  if (id.includes(":")) return id;
  const { approval } = await client.readWorkflow(id);
  if (approval !== null) return approval.id;
  throw new CliError("not_found", `${id} waits for no approval`, { code: "approval_not_found" });
}

type AnswerCommand = readonly [name: string, verb: "approve" | "request_changes" | "reject", effect: string];

function addAnswer(program: Command, context: CommandContext, [name, verb, effect]: AnswerCommand): void {
  withConfigOptions(program.command(name))
    .description(effect)
    .argument("<id>", "the approval, as `approvals` names it")
    .option("--note <text>", "words for the roles that work after it")
    .option("--shown <hash>", "answer only if it still shows this")
    .addOption(serverOption)
    .action((id, { note, shown, ...options }) => answer(context, options, { id, verb, note, shown }));
}

function addEdit(program: Command, context: CommandContext): void {
  const { output } = context;
  withConfigOptions(program.command("edit"))
    .description("approve a plan with other criteria or tasks, from a file or in $EDITOR")
    .argument("<id>", "the approval, as `approvals` names it")
    .option("--file <plan.json>", "the criteria and tasks as they should be; - reads the standard input")
    .option("--print", "print the plan as such a file and send nothing")
    .option("--note <text>", "words for the roles that work after it")
    .addOption(serverOption)
    .action(async (id, { file, print, note, ...options }) => {
      if (print) {
        return withClient(options, async (client) => {
          output.print(planText(subjectOf(await client.readApproval(fullId(id)))));
        });
      }
      if (file !== undefined) {
        const edit = await readPlanFile(file);
        return answer(context, options, { id, verb: "edit", note, edit });
      }
      const edited = await editHere(options, id);
      if (edited !== null) return answer(context, options, { id, verb: "edit", note, ...edited });
      output.say("nothing was changed, and nothing was sent");
      context.exitCode = exitCode("waiting");
    });
}

function subjectOf({ id, subject, gate }: Awaited<ReturnType<HttpClient["readApproval"]>>): PlanEdit {
  if (subject === null) throw new CliError("usage", `${id} is not waited for any more`);
  if (gate !== "plan") throw new CliError("usage", "only a plan can be edited; ask for changes instead");
  return { criteria: subject["criteria"] ?? null, tasks: subject["tasks"] ?? null };
}

/** What a person has made of the plan, bound to the plan that they were given; null when they left it as it was. */
async function editHere(
  options: ClientOptions,
  id: string,
): Promise<{ readonly edit: PlanEdit; readonly shown: string | undefined } | null> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    const line = commandLine(options)(`edit ${id} --print > plan.json`);
    throw new CliError("usage", `without a terminal, give the plan with --file; this writes one: ${line}`);
  }
  const session = await sessionOf(options, false);
  try {
    const approval = await session.client.readApproval(fullId(id));
    const edit = await editInEditor(subjectOf(approval));
    return edit && { edit, shown: approval.shown ?? undefined };
  } finally {
    await session.close(0);
  }
}

type Answer = {
  readonly id: string;
  readonly verb: RespondRequest["verb"];
  readonly note: string | undefined;
  readonly shown?: string | undefined;
  readonly edit?: PlanEdit;
};

/** Answers; without a server, whatever goes on by it is worked on here, to its end. */
async function answer(
  context: CommandContext,
  options: ClientOptions,
  { id, verb, note, shown, edit }: Answer,
): Promise<void> {
  const { output } = context;
  fullId(id);
  const session = await sessionOf(options, verb !== "reject");
  const workflow = await closingOnFailure(session, async () => {
    const hash = shown ?? (await session.client.readApproval(id)).shown;
    const body = {
      verb,
      // An approval that shows nothing any more is refused by the server, which says why.
      shown: hash ?? "nothing",
      ...(note === undefined ? {} : { note }),
      ...edit,
    };
    return session.client.respond(id, body as RespondRequest);
  });
  if (session.place === "here" && verb !== "reject") return follow(context, workflow.id, session, options);
  await session.close(0);
  if (options.json) return output.json(workflow);
  output.print(`${workflow.id}  ${workflow.status}`);
}

/** An answer names the approval and not its workflow, whose next approval may be another one. */
function fullId(id: string): string {
  if (id.includes(":")) return id;
  throw new CliError(
    "usage",
    `${id} is no approval; their ids look like ${id}:ap1, and \`approvals\` lists them`,
  );
}
