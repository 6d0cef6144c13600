import type { ApprovalDetail } from "../contract/approval-view.ts";
import type { Check } from "../core/check.ts";
import type { AcceptanceCriterion, Design, Finalization, PlannedTask } from "../core/documents.ts";
import { cut, oneLine, plural, sizeText, stripControls } from "./progress/wording.ts";
import { table } from "./table.ts";

/** What each gate shows; the API leaves the shape open, so a part that is missing is passed over. */
type PlanSubject = {
  readonly criteria?: readonly AcceptanceCriterion[];
  readonly design?: Design | null;
  readonly tasks?: readonly PlannedTask[];
};
type DeliverySubject = {
  readonly action?: string;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly tree_hash?: string;
  readonly files?: readonly { readonly path: string; readonly size: number }[];
  readonly verdict?: string | null;
  readonly finalization?: Finalization | null;
};

const LONGEST = 2_000;

/** An approval with its subject, for a person who has to answer it. */
export function approvalLines(approval: ApprovalDetail): string[] {
  const { id, title, gate, status, requested_at, expires_at, answer, shown, subject } = approval;
  const head = [
    ["id", id],
    ["workflow", title],
    ["gate", gate],
    ["status", status],
    ["asked", requested_at],
    ...(expires_at === null ? [] : [["expires", expires_at]]),
    ...(answer === null ? [] : [["answer", `${answer.verb} by ${answer.actor} at ${answer.at}`]]),
    ...(answer?.note == null ? [] : [["note", oneLine(answer.note, LONGEST)]]),
    ...(shown === null ? [] : [["shown", shown]]),
  ];
  if (subject === null) return table(head);
  return [
    ...table(head),
    ...(approval.changes === null ? [] : titled("Since it was shown before", [...approval.changes])),
    ...(approval.diff_url === null ? [] : titled("Changed files", [`GET ${approval.diff_url}`])),
    ...(gate === "plan" ? planLines(subject) : deliveryLines(subject)),
  ];
}

function planLines({ criteria = [], design = null, tasks = [] }: PlanSubject): string[] {
  return [
    ...titled(
      "Criteria",
      criteria.flatMap(({ id, level, text, check }) => [
        `${id} (${level}) ${oneLine(text, LONGEST)}`,
        `  ${checkText(check)}`,
      ]),
    ),
    ...titled("Design", design === null ? [] : [oneLine(design.overview, LONGEST)]),
    ...titled(
      "Tasks",
      tasks.flatMap(({ key, title, description, depends_on, writes }) => [
        `${key}: ${oneLine(title, 200)}`,
        `  ${oneLine(description, LONGEST)}`,
        ...(depends_on.length === 0 ? [] : [`  after ${depends_on.join(", ")}`]),
        ...(writes.length === 0 ? [] : [`  writes ${oneLine(writes.join(", "), LONGEST)}`]),
      ]),
    ),
  ];
}

function deliveryLines(subject: DeliverySubject): string[] {
  const { action = "", config = {}, files = [], verdict = null, finalization = null } = subject;
  const settings = Object.keys(config).length === 0 ? "" : ` ${JSON.stringify(config)}`;
  const size = files.reduce((sum, file) => sum + file.size, 0);
  return [
    ...titled("Delivery", [
      oneLine(`by ${action}${settings}`, LONGEST),
      `verdict: ${verdict ?? "not judged"}`,
    ]),
    ...titled(
      `Files: ${plural(files.length, "file")}, ${sizeText(size)}`,
      table(files.map((file) => [file.path, sizeText(file.size)])),
    ),
    ...titled(
      "Notes",
      finalization === null ? [] : cut(stripControls(finalization.delivery_notes), LONGEST).split("\n"),
    ),
  ];
}

/** How a criterion is decided, in one line. */
export function checkText(check: Check): string {
  switch (check.kind) {
    case "command": {
      const output =
        check.output_contains === null ? "" : ` and says ${JSON.stringify(check.output_contains)}`;
      return oneLine(`run: ${check.command} → exit ${check.exit_code}${output}`, LONGEST);
    }
    case "file": {
      const { kind: _kind, path, ...wanted } = check;
      const parts = Object.entries(wanted).flatMap(([name, value]) =>
        value === null || (Array.isArray(value) && value.length === 0)
          ? []
          : [`${name} ${JSON.stringify(value)}`],
      );
      return oneLine(`file: ${[path, ...parts].join(", ")}`, LONGEST);
    }
    case "http":
      return oneLine(
        `http: ${check.method} ${check.path} → ${check.status}${check.body_contains === null ? "" : ` with ${JSON.stringify(check.body_contains)}`}; started by ${check.start}`,
        LONGEST,
      );
    case "rubric":
      return oneLine(`QA reads: ${check.question}`, LONGEST);
  }
}

function titled(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", title, ...lines.map((line) => `  ${line}`)];
}
