import type { WorkflowView } from "../contract/workflow-view.ts";
import { commandName } from "./command-name.ts";
import { CONNECTING_ADVICE } from "./connecting-advice.ts";
import type { ExitReason } from "./exit-code.ts";
import { exitCode } from "./exit-code.ts";
import type { HttpClient } from "./http-client.ts";
import type { Output, OutputStream } from "./output.ts";
import { openPrinter, type ProgressPrinter } from "./progress/progress-printer.ts";
import { countText, elapsedText, oneLine, plural } from "./progress/wording.ts";

export type WatchOptions = {
  readonly output: Output;
  readonly json: boolean;
  /** Where progress goes when it is not JSON. */
  readonly stream: OutputStream;
  readonly signal: AbortSignal;
};

/** How a workflow stands when the watching ends. */
export type Watched = { readonly workflow: WorkflowView; readonly reason: ExitReason };

/** One watching, which survives the loss of the server: `resume` takes it up with another one where it broke. */
export type Watch = {
  resume(client: HttpClient): Promise<Watched>;
  close(): void;
};

/** Shows the events of a workflow until it is closed or waits for a person, or `signal` ends the watching. */
export function openWatch(id: string, options: WatchOptions): Watch {
  const printer: ProgressPrinter | null = options.json ? null : openPrinter(options.stream);
  let seen = 0;
  // The journal is told from its start: where it came to wait once, it may have gone on since.
  let restAt: number | null = null;
  const resume = async (client: HttpClient): Promise<Watched> => {
    for await (const event of client.follow(id, seen, options.signal)) {
      seen = event.seq;
      if (printer) printer.show(event);
      else options.output.json(event);
      if (event.type === "state.transition") restAt = isWaiting(event.payload["to"]) ? seen : null;
      if (restAt !== null && seen >= restAt) {
        const workflow = await client.readWorkflow(id);
        if (isWaiting(workflow.status) && workflow.version <= seen) return { workflow, reason: "waiting" };
        restAt = workflow.version;
      }
    }
    const workflow = await client.readWorkflow(id);
    return { workflow, reason: options.signal.aborted ? "interrupted" : reasonOf(workflow) };
  };
  return { resume, close: () => printer?.close() };
}

function isWaiting(status: unknown): boolean {
  return status === "paused" || status === "awaiting_approval";
}

function reasonOf({ status }: WorkflowView): ExitReason {
  if (status === "completed") return "ok";
  if (status === "failed" || status === "cancelled") return "failed";
  return "waiting";
}

/** The last line of `--json`. */
export function resultOf({ workflow, reason }: Watched): Record<string, unknown> {
  return {
    type: "result",
    id: workflow.id,
    status: workflow.status,
    exit_code: exitCode(reason),
    title: workflow.title,
    waiting: workflow.waiting,
    error: workflow.error,
    artifacts: workflow.artifacts.map(({ id, path, revision, kind, size }) => ({
      id,
      path,
      revision,
      kind,
      size,
    })),
    open_findings: openFindings(workflow).length,
    spend: workflow.spend,
  };
}

function openFindings(workflow: WorkflowView): WorkflowView["findings"] {
  return workflow.findings.filter((finding) => finding.status === "open");
}

/** Status and cost of a workflow in one line. */
export function figuresLine({ id, status, spend, artifacts, ...times }: WorkflowView): string {
  const began = Date.parse(times.started_at ?? times.created_at);
  const figures = [
    elapsedText(Date.parse(times.completed_at ?? times.updated_at) - began),
    plural(spend.model_calls, "model call"),
    `${countText(spend.input_tokens + spend.output_tokens)} tokens`,
    plural(artifacts.length, "artifact"),
  ];
  return `${id}  ${status}  ${figures.join(", ")}`;
}

/** The end of a watching in lines for a person: what came out and what to do next. */
export function closingLines({ workflow, reason }: Watched): string[] {
  const head = figuresLine(workflow);
  if (reason === "ok") {
    return [head, `next: ${commandName()} workflows artifacts ${workflow.id} --out DIR`];
  }
  if (reason === "waiting") return [head, ...waitingLines(workflow)];
  return reason === "failed" ? [head, ...failureLines(workflow)] : [head];
}

function waitingLines({ id, waiting, status }: WorkflowView): string[] {
  if (!waiting) return [`it is ${status}; follow it with: ${commandName()} workflows watch ${id}`];
  const resume = `Then continue it with: ${commandName()} workflows resume ${id}`;
  if (waiting.reason === "no_model")
    return ["It is kept until a model is connected.", ...CONNECTING_ADVICE, resume];
  return [`waits: ${waiting.reason}: ${oneLine(waiting.message, 400)}`, resume];
}

function failureLines(workflow: WorkflowView): string[] {
  const { id, error, artifacts, status } = workflow;
  const findings = openFindings(workflow).map(
    ({ id: finding, severity, component, description }) =>
      `open finding ${finding} (${severity}) ${oneLine(`${component}: ${description}`, 200)}`,
  );
  return [
    ...(error ? [`${error.code}: ${oneLine(error.message, 400)}`] : []),
    ...findings,
    ...(artifacts.length > 0
      ? [`what it made so far: ${commandName()} workflows artifacts ${id} --out DIR`]
      : []),
    ...(status === "failed"
      ? [`try again from where it failed: ${commandName()} workflows resume ${id}`]
      : []),
  ];
}
