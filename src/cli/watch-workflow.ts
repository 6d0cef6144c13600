import type { WorkflowView } from "../contract/workflow-view.ts";
import { raisingFlag } from "./budget-text.ts";
import { type CommandLine } from "./command-line.ts";
import { CONNECTING_ADVICE } from "./connecting-advice.ts";
import { costText } from "./cost-text.ts";
import { deliveryAdvice } from "./delivery-lines.ts";
import type { ExitReason } from "./exit-code.ts";
import { exitCode } from "./exit-code.ts";
import { approvalAdvice } from "./gate-advice.ts";
import type { HttpClient } from "./http-client.ts";
import type { Output, OutputStream } from "./output.ts";
import { openPrinter, type ProgressPrinter } from "./progress/progress-printer.ts";
import { countText, elapsedText, oneLine, plural } from "./progress/wording.ts";

export type WatchOptions = {
  readonly output: Output;
  readonly json: boolean;
  /** Whether the calls of tools are shown as well. */
  readonly verbose: boolean;
  /** Where progress goes when it is not JSON. */
  readonly stream: OutputStream;
  readonly signal: AbortSignal;
  readonly next: CommandLine;
  /** Events up to this `seq` are passed over. */
  readonly after?: number;
};

/** How a workflow stands when the watching ends. */
export type Watched = {
  readonly workflow: WorkflowView;
  readonly reason: ExitReason;
  /** False when it waits for a model and no provider is configured. */
  readonly connected: boolean;
};

/** One watching, which survives the loss of the server: `resume` takes it up with another one where it broke. */
export type Watch = {
  resume(client: HttpClient): Promise<Watched>;
  close(): void;
};

/** Shows the events of a workflow until it is closed or waits for a person, or `signal` ends the watching. */
export function openWatch(id: string, options: WatchOptions): Watch {
  const read = options.next(`workflows artifacts ${id}`);
  const bundle = options.next(`workflows bundle ${id}`);
  const { verbose } = options;
  const printer: ProgressPrinter | null = options.json
    ? null
    : openPrinter(options.stream, { artifactsCommand: read, bundleCommand: bundle, verbose });
  let seen = options.after ?? 0;
  // The journal is told from its start: where it came to wait once, it may have gone on since.
  let restAt: number | null = null;
  /** Resolves with null at an ending that the workflow was resumed after. */
  const untilRest = async (client: HttpClient): Promise<Watched | null> => {
    for await (const event of client.follow(id, seen, options.signal)) {
      seen = event.seq;
      if (printer) printer.show(event);
      else options.output.json(event);
      if (event.type === "state.transition") restAt = isWaiting(event.payload["to"]) ? seen : null;
      if (restAt !== null && seen >= restAt) {
        const workflow = await client.readWorkflow(id);
        if (isWaiting(workflow.status) && workflow.version <= seen) return restOf(workflow, client);
        restAt = workflow.version;
      }
    }
    const workflow = await client.readWorkflow(id);
    if (options.signal.aborted) return { workflow, reason: "interrupted", connected: true };
    return workflow.closed || isWaiting(workflow.status) ? restOf(workflow, client) : null;
  };
  const resume = async (client: HttpClient): Promise<Watched> => {
    let watched = await untilRest(client);
    while (watched === null) watched = await untilRest(client);
    return watched;
  };
  return { resume, close: () => printer?.close() };
}

async function restOf(workflow: WorkflowView, client: HttpClient): Promise<Watched> {
  const providers = workflow.waiting?.reason === "no_model" ? (await client.listProviders()).data : null;
  return { workflow, reason: reasonOf(workflow), connected: providers === null || providers.length > 0 };
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
    verdict: workflow.verdict,
    title: workflow.title,
    approval: workflow.approval?.id ?? null,
    delivery: workflow.delivery,
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

/** Status and cost of a workflow in one line; one that was left while it ran counts until now. */
export function figuresLine({ workflow, reason }: Watched, now = Date.now()): string {
  const { id, verdict, spend, artifacts, started_at, created_at, completed_at, updated_at } = workflow;
  const status = verdict === null ? workflow.status : `${workflow.status}, ${verdict}`;
  const began = Date.parse(started_at ?? created_at);
  const ended = reason === "interrupted" && !workflow.closed ? now : Date.parse(completed_at ?? updated_at);
  const figures = [
    elapsedText(ended - began),
    plural(spend.model_calls, "model call"),
    `${countText(spend.input_tokens + spend.output_tokens)} tokens`,
    ...(spend.model_calls > 0 ? [costText(spend)] : []),
    plural(artifacts.length, "artifact"),
  ];
  return `${id}  ${status}  ${figures.join(", ")}`;
}

export type ClosingOptions = {
  readonly next: CommandLine;
  /** What follows `--out` in the advice to write the artifacts; null when they are written already. */
  readonly out: string | null;
};

/** The end of a watching in lines for a person: what came out and what to do next. */
export function closingLines(watched: Watched, options: ClosingOptions): string[] {
  const head = figuresLine(watched);
  const { reason } = watched;
  if (reason === "ok") return [head, ...artifactsLine("next", watched, options)];
  if (reason === "waiting") return [head, ...waitingLines(watched, options.next)];
  return reason === "failed" ? [head, ...failureLines(watched, options)] : [head];
}

function artifactsLine(label: string, { workflow }: Watched, { next, out }: ClosingOptions): string[] {
  if (out === null) return [];
  return [`${label}: ${next(`workflows artifacts ${workflow.id} --out ${out}`)}`];
}

function waitingLines({ workflow, connected }: Watched, next: CommandLine): string[] {
  const { id, waiting, status } = workflow;
  if (!waiting) return [`it is ${status}; follow it with: ${next(`workflows watch ${id}`)}`];
  if (workflow.approval !== null && status === "awaiting_approval")
    return [`waits: ${oneLine(waiting.message, 400)}`, ...approvalAdvice(workflow.approval, next)];
  const message = `waits: ${waiting.reason}: ${oneLine(waiting.message, 400)}`;
  if (waiting.reason === "unknown_model") {
    const models = `See what there is with: ${next("models")}`;
    return [
      message,
      models,
      `Then continue it with: ${next(`workflows resume ${id} --model PROVIDER/MODEL`)}`,
    ];
  }
  const resume = (flags = ""): string => next(`workflows resume ${id}${flags}`);
  if (waiting.reason === "sandbox_unavailable" || waiting.reason === "toolchain_unavailable") {
    return [
      message,
      `see what is missing: ${next("doctor")}`,
      `Then continue it with: ${resume()}`,
      `or do without a criterion: ${next(`workflows waive ${id} CRITERION --reason "WHY"`)}`,
    ];
  }
  if (waiting.reason === "delivery_failed") return [message, ...deliveryAdvice(workflow, next)];
  if (waiting.reason === "outcome") {
    return [
      message,
      `If it has happened, continue with: ${resume(" --outcome happened")}`,
      `If it is to be done again: ${resume(" --outcome repeat")}`,
    ];
  }
  const flag = raisingFlag(workflow);
  if (flag !== null) return [message, `Raise it and continue with: ${resume(` ${flag}`)}`];
  const advice = connected ? [] : ["It is kept until a model is connected.", ...CONNECTING_ADVICE];
  return [message, ...advice, `Then continue it with: ${resume()}`];
}

/** Codes of a workflow that a person, or the rule that the person set, has ended: it does not begin again. */
const FINAL = ["rejected"];

function failureLines(watched: Watched, options: ClosingOptions): string[] {
  const { id, error, artifacts, status, execution, progress } = watched.workflow;
  const findings = openFindings(watched.workflow).map(
    ({ id: finding, severity, component, description }) =>
      `open finding ${finding} (${severity}) ${oneLine(`${component}: ${description}`, 200)}`,
  );
  const more =
    error?.code === "repair_exhausted" ||
    (error?.code === "stalled" && execution.cycle >= execution.max_qa_retries)
      ? ` --max-qa-retries ${execution.cycle + 1}`
      : "";
  const again = options.next(`workflows resume ${id}${more}`);
  const { out } = options;
  const best = progress.best !== null && out !== null ? progress.best : null;
  const saveBest = options.next(`workflows artifacts ${id} --tree best --out ${out}`);
  return [
    ...(error ? [`${error.code}: ${oneLine(error.message, 400)}`] : []),
    ...unmetLines(watched.workflow),
    ...findings,
    ...(best === null ? [] : [`the best tree is that of cycle ${best.cycle}: ${saveBest}`]),
    ...(best === null && artifacts.length > 0 ? artifactsLine("what it made so far", watched, options) : []),
    ...(status === "failed" && !FINAL.includes(error?.code ?? "")
      ? [`try again from where it failed: ${again}`]
      : []),
  ];
}

/** The musts that keep it from being done. */
function unmetLines({ criteria, progress }: WorkflowView): string[] {
  if (progress.best === null) return [];
  return criteria.flatMap(({ id, level, verdict, waived, text, evidence }) =>
    level !== "must" || verdict === "met" || waived !== null
      ? []
      : [`${verdict ?? "not judged"}: ${id} ${oneLine(`${text} ${evidence}`, 200)}`],
  );
}
