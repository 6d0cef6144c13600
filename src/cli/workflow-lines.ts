import type { WorkflowView } from "../contract/workflow-view.ts";
import { budgetText } from "./budget-text.ts";
import { costText } from "./cost-text.ts";
import type { ModelUsage } from "./model-usage.ts";
import { ROLE_TITLES, countText, oneLine, plural, sizeText } from "./progress/wording.ts";
import { table } from "./table.ts";

/** A workflow for a person, section by section; empty sections are left out. */
export function workflowLines(workflow: WorkflowView, usage: readonly ModelUsage[] = []): string[] {
  const { spend, execution, waiting, error } = workflow;
  const spent = `${countText(spend.input_tokens)} tokens in, ${countText(spend.output_tokens)} out, ${costText(spend)}`;
  const budget = budgetText(workflow.budget);
  const head = [
    ["id", workflow.id],
    ["title", workflow.title],
    ["status", workflow.status],
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
    ...(error ? [["error", `${error.code}: ${error.message}`]] : []),
  ];
  return [
    ...table(head),
    ...section(
      "Tasks",
      workflow.tasks.map(({ id, status, title }) => [status, id, title]),
    ),
    ...section("Criteria", criterionRows(workflow)),
    ...titled(findingsTitle(workflow), findingLines(workflow)),
    ...section(
      "Artifacts",
      workflow.artifacts.map(({ path, size, revision }) => [path, sizeText(size), `r${revision}`]),
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

/** Times hold while the workflow runs; a resume tries what failed at once. */
function retryTimes({ status, execution }: WorkflowView): string[] {
  return execution.queued_steps.flatMap(({ id, available_at }) =>
    status !== "running" || available_at === null ? [] : [`retry of ${id} at ${available_at}`],
  );
}

/** Every criterion of the constitution; those that nobody has judged yet are open. */
function criterionRows({ constitution, criteria }: WorkflowView): string[][] {
  const asked = constitution?.acceptance_criteria ?? [];
  const judged = new Map(criteria.map((one) => [one.id, one]));
  const unknown = criteria.filter(({ id }) => !asked.some((one) => one.id === id));
  const rows = [...asked, ...unknown.map(({ id }) => ({ id, level: "", text: "" }))];
  return rows.map(({ id, level, text }) => {
    const { verdict = "open", evidence = "" } = judged.get(id) ?? {};
    return [verdict, id, level, oneLine(text, 120), oneLine(evidence, 120)];
  });
}

function findingsTitle({ findings }: WorkflowView): string {
  const open = findings.filter(({ status }) => status === "open");
  const blocking = open.filter(({ severity }) => severity === "blocking").length;
  return `Findings: ${open.length} open${blocking > 0 ? `, ${plural(blocking, "blocking finding")}` : ""}`;
}

function findingLines({ findings }: WorkflowView): string[] {
  return findings.flatMap(({ id, status, severity, component, description, recommendation, resolution }) => [
    oneLine(`${id} (${status}, ${severity}) ${component}: ${description}`, 300),
    ...(recommendation === "" ? [] : [`  do: ${oneLine(recommendation, 300)}`]),
    ...(resolution === null || resolution === "" ? [] : [`  done: ${oneLine(resolution, 300)}`]),
  ]);
}

function section(title: string, rows: readonly (readonly string[])[]): string[] {
  return titled(title, table(rows));
}

function titled(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", title, ...lines.map((line) => `  ${line}`)];
}
