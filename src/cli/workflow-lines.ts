import type { WorkflowView } from "../contract/workflow-view.ts";
import { ROLE_TITLES, countText, oneLine, plural, sizeText } from "./progress/wording.ts";
import { table } from "./table.ts";

/** A workflow for a person, section by section; empty sections are left out. */
export function workflowLines(workflow: WorkflowView): string[] {
  const { spend, execution, waiting, error } = workflow;
  const tokens = `${countText(spend.input_tokens)} tokens in, ${countText(spend.output_tokens)} out`;
  const head = [
    ["id", workflow.id],
    ["title", workflow.title],
    ["status", workflow.status],
    ["mode", workflow.mode ?? "not chosen yet"],
    ["request", oneLine(workflow.request, 200)],
    ["created", workflow.created_at],
    ["repair cycles", `${execution.cycle} of ${execution.max_qa_retries}`],
    ["spent", `${plural(spend.model_calls, "model call")}, ${tokens}`],
    ...(waiting ? [["waits for", `${waiting.reason}: ${waiting.message}`]] : []),
    ...(error ? [["error", `${error.code}: ${error.message}`]] : []),
  ];
  return [
    ...table(head),
    ...section(
      "Tasks",
      workflow.tasks.map(({ id, status, title }) => [status, id, title]),
    ),
    ...section(
      "Criteria",
      workflow.criteria.map(({ id, verdict, evidence }) => [verdict, id, oneLine(evidence, 120)]),
    ),
    ...section(
      "Findings",
      workflow.findings.map((one) => [one.status, one.id, one.severity, oneLine(one.description, 120)]),
    ),
    ...section(
      "Artifacts",
      workflow.artifacts.map(({ path, size, revision }) => [path, sizeText(size), `r${revision}`]),
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

function section(title: string, rows: readonly (readonly string[])[]): string[] {
  return rows.length === 0 ? [] : ["", title, ...table(rows).map((row) => `  ${row}`)];
}
