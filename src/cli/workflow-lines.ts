import type { ReceiptView } from "../contract/receipt-view.ts";
import type { WorkflowView } from "../contract/workflow-view.ts";
import { budgetText } from "./budget-text.ts";
import { costText } from "./cost-text.ts";
import { deliveryLines } from "./delivery-lines.ts";
import type { ModelUsage } from "./model-usage.ts";
import { ROLE_TITLES, countText, oneLine, plural, sizeText } from "./progress/wording.ts";
import { receiptLines } from "./receipt-lines.ts";
import { table } from "./table.ts";

/** What stands beside the workflow itself. */
type Beside = { readonly usage?: readonly ModelUsage[]; readonly receipts?: readonly ReceiptView[] };

/** A workflow for a person, section by section; empty sections are left out. */
export function workflowLines(workflow: WorkflowView, { usage = [], receipts = [] }: Beside = {}): string[] {
  return [
    ...table(headRows(workflow)),
    ...section(
      "Tasks",
      workflow.tasks.map(({ id, status, title }) => [status, id, title]),
    ),
    ...section("Criteria", criterionRows(workflow)),
    ...titled("Receipts", receiptLines(receipts)),
    ...titled(findingsTitle(workflow), findingLines(workflow)),
    ...section(
      "Artifacts",
      workflow.artifacts.map(({ path, size, revision }) => [path, sizeText(size), `r${revision}`]),
    ),
    ...titled(
      "Deliveries",
      workflow.deliveries.flatMap((delivery) => deliveryLines(delivery, "")),
    ),
    ...section(
      "Models",
      usage.map(({ role, model, calls, tokens }) => [
        role,
        model,
        plural(calls, "call"),
        plural(tokens, "token"),
      ]),
    ),
    ...section(
      "Suggestions",
      workflow.suggestions.map((one) => [one.priority, one.component_name, oneLine(one.problem, 120)]),
    ),
    ...section(
      "Summaries",
      Object.entries(ROLE_TITLES).flatMap(([role, title]) => {
        const summary = workflow.summaries[role as keyof typeof ROLE_TITLES];
        return summary === undefined ? [] : [[title, oneLine(summary, 200)]];
      }),
    ),
  ];
}

function headRows(workflow: WorkflowView): string[][] {
  const { spend, execution, waiting, error } = workflow;
  const spent = `${countText(spend.input_tokens)} tokens in, ${countText(spend.output_tokens)} out, ${costText(spend)}`;
  const budget = budgetText(workflow.budget);
  return [
    ["id", workflow.id],
    ["title", workflow.title],
    ["status", workflow.status],
    ...(workflow.verdict === null ? [] : [["verdict", workflow.verdict]]),
    ["mode", workflow.mode ?? "not chosen yet"],
    ["request", oneLine(workflow.request, 200)],
    ["created", workflow.created_at],
    ...(workflow.completed_at === null
      ? []
      : [[workflow.status === "completed" ? "completed" : "ended", workflow.completed_at]]),
    ["repaired", `${execution.cycle} of ${plural(execution.max_qa_retries, "repair cycle")}`],
    ["spent", `${plural(spend.model_calls, "model call")}, ${spent}`],
    ...(budget === null ? [] : [["budget", budget]]),
    ...(waiting ? [["waits for", `${waiting.reason}: ${waiting.message}`]] : []),
    ...retryTimes(workflow).map((retry) => ["waits for", retry]),
    ...(workflow.approval === null
      ? []
      : [["approval", `${workflow.approval.id} of the ${workflow.approval.gate}`]]),
    ...bestRow(workflow),
    ...(error ? [["error", `${error.code}: ${error.message}`]] : []),
  ];
}

/** Times hold while the workflow runs; a resume tries what failed at once. */
function retryTimes({ status, execution }: WorkflowView): string[] {
  return execution.queued_steps.flatMap(({ id, available_at }) =>
    status !== "running" || available_at === null ? [] : [`retry of ${id} at ${available_at}`],
  );
}

/** The tree to go back to, where the last one is not it. */
function bestRow({ progress: { best }, execution, status }: WorkflowView): string[][] {
  if (best === null || (status !== "failed" && best.cycle === execution.cycle)) return [];
  return [
    ["best tree", `of cycle ${best.cycle}, ${plural(best.open_musts, "must")} open; --tree best has it`],
  ];
}

/** Criteria that nobody has judged yet are open. */
function criterionRows({ criteria }: WorkflowView): string[][] {
  return criteria.map(({ id, level, text, verdict, evidence, receipt, waived }) => [
    waived === null ? (verdict ?? "open") : "waived",
    id,
    level ?? "",
    oneLine(text, 120),
    receipt ?? "",
    oneLine(waived ?? evidence, 120),
  ]);
}

function findingsTitle({ findings }: WorkflowView): string {
  const open = findings.filter(({ status }) => status === "open");
  const blocking = open.filter(({ severity }) => severity === "blocking").length;
  return `Findings: ${open.length} open${blocking > 0 ? `, ${plural(blocking, "blocking finding")}` : ""}`;
}

function findingLines({ findings }: WorkflowView): string[] {
  return findings.flatMap(({ recommendation, resolution, ...finding }) => [
    findingLine(finding),
    ...(recommendation === "" ? [] : [`  do: ${oneLine(recommendation, 300)}`]),
    ...(resolution === null || resolution === "" ? [] : [`  done: ${oneLine(resolution, 300)}`]),
  ]);
}

type Finding = WorkflowView["findings"][number];

function findingLine(finding: Omit<Finding, "recommendation" | "resolution">): string {
  const { id, status, severity, evidence_class, receipt, component, description } = finding;
  const shown = receipt === null ? evidence_class : `${evidence_class} by ${receipt}`;
  return oneLine(`${id} (${status}, ${severity}, ${shown}) ${component}: ${description}`, 300);
}

function section(title: string, rows: readonly (readonly string[])[]): string[] {
  return titled(title, table(rows));
}

function titled(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", title, ...lines.map((line) => `  ${line}`)];
}
