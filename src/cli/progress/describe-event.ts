import type { EventRow } from "../../contract/event-row.ts";
import { isFailure } from "../../core/failure-policy.ts";
import type { RoleName } from "../../core/role-name.ts";
import { EVENT_PAYLOADS, type EventPayload, type EventType } from "../../core/workflow/events.ts";
import {
  answerLine,
  claimLine,
  cycleLine,
  importLine,
  planEditLine,
  receiptLine,
  toolLine,
} from "./describe-evidence.ts";
import { line, type LineStatus, type ProgressLine } from "./progress-line.ts";
import { ROLE_TITLES, sizeText } from "./wording.ts";

type OpenWork = {
  readonly label: string;
  readonly started_at: string;
  readonly tokens: number;
  /** The model that answered last, as provider/model. */
  readonly model: string | null;
};

/** What must be remembered from event to event to tell how far a workflow is. */
export type Progress = {
  readonly started_at: string | null;
  readonly now: string | null;
  readonly cycle: number;
  readonly max_qa_retries: number;
  readonly tokens: number;
  readonly model_calls: number;
  /** Steps that run, by id. */
  readonly open: ReadonlyMap<string, OpenWork>;
  readonly tasks: ReadonlyMap<string, string>;
  /** The model that was told last: it is told again only when another one acts. */
  readonly model: string | null;
  /** The failure that was told last: what follows from it does not repeat it. */
  readonly failure: string | null;
  /** Whether the calls of tools are told as well. */
  readonly verbose: boolean;
  /** A command that reads the artifacts, for a delivery whose links only the API knows. */
  readonly artifacts_command: string;
  /** The same for one that is an archive. */
  readonly bundle_command: string;
};

export const NO_PROGRESS: Progress = {
  started_at: null,
  now: null,
  cycle: 0,
  max_qa_retries: 0,
  tokens: 0,
  model_calls: 0,
  open: new Map(),
  tasks: new Map(),
  model: null,
  failure: null,
  verbose: false,
  artifacts_command: "",
  bundle_command: "",
};

type Described = { readonly progress: Progress; readonly lines: readonly ProgressLine[] };
type Describe<T extends EventType> = (
  progress: Progress,
  event: EventRow,
  payload: EventPayload<T>,
) => Described;

/** The next progress and the lines that an event is worth. Events of an unknown type or shape are passed over. */
export function describeEvent(before: Progress, event: EventRow): Described {
  const progress = { ...before, now: event.occurred_at, started_at: before.started_at ?? event.occurred_at };
  const type = event.type as EventType;
  const describe = Object.hasOwn(DESCRIPTIONS, type) ? DESCRIPTIONS[type] : undefined;
  if (!describe) return { progress, lines: [] };
  const payload = EVENT_PAYLOADS[type].safeParse(event.payload);
  if (!payload.success) return { progress, lines: [] };
  return (describe as Describe<EventType>)(progress, event, payload.data);
}

function told(progress: Progress, ...lines: ProgressLine[]): Described {
  return { progress, lines };
}

function titleOf(role: RoleName | null): string {
  return role === null ? "Engine" : ROLE_TITLES[role];
}

/** The roles that a repair cycle calls again. */
const REPAIRING: readonly RoleName[] = ["architect", "implementer", "qa"];

/** What the engine does by itself, by the beginning of the step's id. */
const ENGINE_WORK: Readonly<Record<string, string>> = { validation: "Checks", workspace: "Repository" };

/** What a step is called: its task, or else its role and the repair cycle it belongs to. */
function labelOf(progress: Progress, event: EventRow, cycle: number): string {
  const task = event.task_id === null ? undefined : (progress.tasks.get(event.task_id) ?? event.task_id);
  if (task !== undefined) return `${titleOf(event.role)} · ${task}`;
  if (event.role === null) return ENGINE_WORK[(event.step_id ?? "").replace(/:.*/, "")] ?? "Delivery";
  const inRepair = cycle > 0 && REPAIRING.includes(event.role);
  return inRepair ? `${titleOf(event.role)} (repair ${cycle})` : titleOf(event.role);
}

function opened(progress: Progress, event: EventRow, cycle: number): Described {
  if (event.step_id === null) return told(progress);
  const label = labelOf(progress, event, cycle);
  const work = { label, started_at: event.occurred_at, tokens: 0, model: null };
  const open = new Map(progress.open).set(event.step_id, work);
  return told({ ...progress, open }, line("run", label));
}

type Ending = { readonly status: LineStatus; readonly detail: string; readonly subject?: string };

function closed(progress: Progress, event: EventRow, { status, detail, ...ending }: Ending): Described {
  const work = event.step_id === null ? undefined : progress.open.get(event.step_id);
  const open = new Map([...progress.open].filter(([id]) => id !== event.step_id));
  const elapsed = work ? Date.parse(event.occurred_at) - Date.parse(work.started_at) : null;
  const subject = ending.subject ?? work?.label ?? labelOf(progress, event, 0);
  const tokens = work && work.tokens > 0 ? work.tokens : null;
  const model = work?.model ?? progress.model;
  const acted = model === null || model === progress.model ? "" : model;
  const text = [acted, detail].filter((part) => part !== "").join("  ");
  return told({ ...progress, open, model }, { ...line(status, subject, text), elapsed_ms: elapsed, tokens });
}

/** Ends the work of a step without telling anything, so that its model is still to be told. */
function endedQuietly(progress: Progress, event: EventRow): Progress {
  const open = new Map([...progress.open].filter(([id]) => id !== event.step_id));
  return { ...progress, open };
}

/** Whether the step only waits for something: for its turn, for money, or for what a person knows. */
function onlyWaits(code: string): boolean {
  return !isFailure(code) || code === "outcome_unknown";
}

/** An attempt that is followed by another one is a delay; only the last one is a failure. */
function failed(progress: Progress, event: EventRow, payload: EventPayload<"step.failed">): Described {
  const { code, message, attempt, retry_at } = payload;
  const next = { ...progress, failure: message };
  if (retry_at === null) {
    if (code === "released") return told(endedQuietly(progress, event));
    const status = onlyWaits(code) ? "wait" : "FAIL";
    return closed(next, event, { status, detail: `${code}: ${message}` });
  }
  const label = progress.open.get(event.step_id ?? "")?.label ?? labelOf(progress, event, 0);
  const detail = message === progress.failure || message === "" ? code : `${code}: ${message}`;
  const seconds = Math.round((Date.parse(retry_at) - Date.parse(event.occurred_at)) / 1000);
  const tail = `; attempt ${attempt + 1} ${seconds > 0 ? `in ${seconds} s` : "at once"}`;
  return told(endedQuietly(next, event), { ...line("wait", label, detail), tail });
}

const DESCRIPTIONS: { readonly [T in EventType]?: Describe<T> } = {
  "workflow.created": (progress, _event, { max_qa_retries }) => told({ ...progress, max_qa_retries }),
  "settings.changed": (progress, _event, { max_qa_retries }) => told({ ...progress, max_qa_retries }),
  "step.started": (progress, event, { cycle, kind }) =>
    kind === "role" || kind === "task" ? told(progress) : opened(progress, event, cycle),
  "role.started": (progress, event, { cycle }) => opened(progress, event, cycle),
  "role.completed": (progress, event, { summary }) =>
    closed(progress, event, { status: "ok", detail: summary }),
  // "role.failed" and "delivery.failed" say of the same failure what "step.failed" has said.
  "step.failed": failed,
  "step.cancelled": (progress, event) => told(endedQuietly(progress, event)),
  // Steps of roles and the delivery have told their end by now, those of checks told each of them.
  "step.completed": (progress, event) => told(endedQuietly(progress, event)),
  "tree.imported": (progress, _event, tree) => told(progress, importLine(tree)),
  "receipt.recorded": (progress, _event, receipt) => told(progress, receiptLine(receipt)),
  "cycle.judged": (progress, _event, judged) => told(progress, cycleLine(judged)),
  "claim.unsupported": (progress, _event, claim) => told(progress, claimLine(claim)),
  "criterion.waived": (progress, _event, { id, reason }) =>
    told(progress, line("note", `criterion ${id} waived`, reason)),
  "finding.waived": (progress, _event, { id, reason }) =>
    told(progress, line("note", `finding ${id} waived`, reason)),
  "approval.requested": (progress, _event, { id, gate }) =>
    told(progress, line("wait", `approval ${id} of the ${gate}`)),
  "approval.responded": (progress, _event, answer) => told(progress, answerLine(answer)),
  "plan.edited": (progress, _event, edit) => told(progress, planEditLine(edit)),
  "plan.withdrawn": (progress, _event, { tasks }) =>
    told(progress, line("note", "plan withdrawn", tasks.join(", "))),
  "tool.called": (progress, event, call) =>
    progress.verbose ? told(progress, toolLine(labelOf(progress, event, 0), call)) : told(progress),
  "model.called": (progress, event, { usage, provider, model_asked, model_served }) => {
    const used = usage.input_tokens + usage.output_tokens;
    const work = event.step_id === null ? undefined : progress.open.get(event.step_id);
    const open = new Map(progress.open);
    const model = `${provider}/${model_served || model_asked}`;
    if (work && event.step_id !== null)
      open.set(event.step_id, { ...work, tokens: work.tokens + used, model });
    return told({ ...progress, open, tokens: progress.tokens + used, model_calls: progress.model_calls + 1 });
  },
  "task.created": (progress, event, { key, title }) =>
    told({ ...progress, tasks: new Map(progress.tasks).set(event.task_id ?? key, title) }),
  "artifact.produced": (progress, _event, { path, revision, size }) => {
    const again = revision > 1 ? `, revision ${revision}` : "";
    return told(progress, line("file", path, `${sizeText(size)}${again}`));
  },
  "artifact.deleted": (progress, _event, { path }) => told(progress, line("file", path, "deleted")),
  "finding.raised": (progress, _event, { severity, component, description, raised_by, recommendation }) => {
    const what = raised_by === "engine" ? `${description} ${recommendation}` : `${component}: ${description}`;
    return told(progress, line(severity === "blocking" ? "FAIL" : "note", `${severity} finding`, what));
  },
  "finding.resolved": (progress, _event, { id, resolution }) =>
    told(progress, line("ok", `finding ${id} resolved`, resolution)),
  "repair.started": (progress, _event, { cycle, findings }) => {
    const why = `for ${findings.length === 1 ? "finding" : "findings"} ${findings.join(", ")}`;
    return told(
      { ...progress, cycle },
      line("note", `repair cycle ${cycle} of ${progress.max_qa_retries}`, why),
    );
  },
  "contract.violated": (progress, event, { problem }) =>
    told(progress, line("note", titleOf(event.role), `answer refused: ${problem}`)),
  "model.reasked": (progress, event, { problems }) =>
    told(progress, line("note", titleOf(event.role), `asked again: ${problems.join("; ")}`)),
  "model.substituted": (progress, event, { asked, used, reason }) =>
    told(progress, line("note", titleOf(event.role), `${used} instead of ${asked}: ${reason}`)),
  "model.replayed": (progress, event, { recorded_attempt }) => {
    const detail = `the answer of attempt ${recorded_attempt} is used again; nothing was paid`;
    return told(progress, line("note", titleOf(event.role), detail));
  },
  "refiner.suggestion": (progress, _event, { component_type, component_name, problem }) =>
    told(progress, line("note", `suggestion for ${component_type} ${component_name}`, problem)),
  "delivery.completed": (progress, event, { action, links }) => {
    const [link = ""] = links;
    const only = links.length === 1 ? link : "";
    // A link without a host leads nowhere outside the API.
    const { artifacts_command, bundle_command } = progress;
    const command = link.includes("/bundle?") ? bundle_command : artifacts_command;
    const detail = link.startsWith("/") ? command : only;
    return closed(progress, event, { status: "ok", detail, subject: `delivered by ${action}` });
  },
  "delivery.skipped": (progress, _event, { action, reason }) =>
    told(progress, line("note", `not delivered by ${action}`, reason)),
  "state.transition": (progress, _event, { from, to, reason, message }) => {
    const news = message === progress.failure ? null : message;
    const detail = [reason, news].filter((text) => text !== null && text !== "").join(": ");
    if (to === "paused" || to === "awaiting_approval") {
      return told(progress, line("wait", to.replace("_", " "), detail));
    }
    if (to === "completed") return told(progress, line("done", "completed", detail));
    if (to === "failed" || to === "cancelled") return told(progress, line("FAIL", to, detail));
    return told(progress, ...(from === "paused" || from === "failed" ? [line("note", "resumed")] : []));
  },
};
