import type { Receipt } from "../../core/receipt.ts";
import { hasCases } from "../../core/test-integrity.ts";
import { type SandboxHealth, type SandboxResult, SandboxUnavailableError } from "../../ports/sandbox.ts";
import type { DetectedToolchain, ToolchainStage } from "../../ports/toolchain.ts";
import type { WorkingDirectory } from "../../ports/workspace.ts";
import { packed } from "../packed-text.ts";
import type { StepContext } from "../step-executor.ts";
import type { ValidationParts } from "./validation-executor.ts";

/** One validation under way. */
export type Validation = {
  readonly parts: ValidationParts;
  readonly context: StepContext;
  readonly files: ReadonlyMap<string, string>;
  /** Makes a directory with just these files in it: the tree, unless others are given. */
  readonly create: (files?: ReadonlyMap<string, string>) => Promise<WorkingDirectory>;
  readonly directory: WorkingDirectory;
  readonly tree_hash: string;
  readonly health: () => Promise<SandboxHealth>;
};

/** What becomes a receipt; what is left out is as when nothing was run. */
export type Report = Pick<Receipt, "name" | "stage" | "status" | "message"> &
  Partial<Omit<Receipt, "name" | "stage" | "status" | "message" | "tree_hash">>;

const LONGEST_TAIL_TOKENS = 1_300;

export function toReceipt({ tree_hash }: Pick<Validation, "tree_hash">, report: Report): Receipt {
  return {
    criterion: null,
    toolchain: null,
    command: null,
    exit_code: null,
    duration_ms: 0,
    missing: null,
    blocks: true,
    sandbox: "none",
    ...report,
    output_tail: packed(report.output_tail ?? "", LONGEST_TAIL_TOKENS),
    tree_hash,
  };
}

/** Prepare, build, test and lint; what comes after a stage that did not end well would only repeat why. */
export async function runStages(
  validation: Validation,
  toolchain: DetectedToolchain,
): Promise<readonly Report[]> {
  const reports: Report[] = [];
  for (const stage of toolchain.stages) {
    validation.context.signal.throwIfAborted();
    const report = await runStage(validation, toolchain.name, stage);
    reports.push(report);
    if (report.status !== "passed" && stage.blocks) break;
  }
  return reports;
}

async function runStage(validation: Validation, toolchain: string, stage: ToolchainStage): Promise<Report> {
  const { command, network, blocks } = stage;
  const named = { name: `${toolchain}: ${stage.stage}`, stage: stage.stage, toolchain, command, blocks };
  const ran = await inSandbox(validation, { command, network });
  if (!ran.ok) return { ...named, ...ran.report };
  const { result, sandbox } = ran;
  const seen = { ...seenIn(result), sandbox };
  if (result.ended_by === "timeout") return { ...named, ...seen, ...timedOut(result) };
  if (result.exit_code !== 0) {
    const { status, message } = validation.parts.classifyOutcome(stage, result);
    const missing = status === "unavailable" ? (network.length > 0 ? "network" : "program") : null;
    return { ...named, ...seen, status, message, missing };
  }
  const hollow = stage.stage === "test" ? hollowRun(validation.files, result.output) : null;
  if (hollow !== null) return { ...named, ...seen, status: "failed", message: hollow };
  return { ...named, ...seen, status: "passed", message: null };
}

/** How the runners of the known toolchains say that there was nothing to run. */
const NOTHING_RAN =
  /^(# |ℹ )?tests 0$|^Ran 0 tests\b|\bno tests (ran|found|to run)\b|collected 0 items|^running 0 tests$(?![\s\S]*^running [1-9])/im;

/** Why a test command that ended well has shown nothing, null when it has. */
function hollowRun(files: ReadonlyMap<string, string>, output: string): string | null {
  if (NOTHING_RAN.test(output)) return "The command ended well, but no test was run.";
  // Node names a file as the one test in it when it ended before any test of its own began.
  for (const [, path = ""] of output.matchAll(PASSED_AS_A_WHOLE)) {
    const content = files.get(path);
    if (content !== undefined && hasCases(path, content)) return `${path} ended before its tests ran.`;
  }
  return null;
}

const PASSED_AS_A_WHOLE = /^(?:✔|ok \d{1,6} -) ([^\n(]{1,300}?)(?: \([^)\n]{1,40}\))?$/gm;

type Asked = {
  readonly command: string;
  readonly network?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly readable?: readonly string[];
  /** Where it is less than what a command may usually take. */
  readonly most_ms?: number;
};

type Ran =
  | { readonly ok: true; readonly result: SandboxResult; readonly sandbox: string }
  | { readonly ok: false; readonly report: Pick<Report, "status" | "message" | "missing"> };

/** Without a sandbox nothing that a model has written runs. */
export async function inSandbox(
  validation: Validation,
  { command, network = [], env = {}, readable = [], most_ms = Number.POSITIVE_INFINITY }: Asked,
): Promise<Ran> {
  const { parts, context, directory } = validation;
  const health = await validation.health();
  if (!health.available) return { ok: false, report: noSandbox(health.reason, health.install) };
  try {
    const result = await parts.sandbox.run({
      command,
      directory: directory.path,
      network,
      readable,
      env: { CI: "1", NO_COLOR: "1", ...env },
      limits: { time_ms: Math.min(most_ms, context.config.command_timeout_s * 1000) },
      signal: context.signal,
    });
    context.signal.throwIfAborted();
    return { ok: true, result, sandbox: health.kind };
  } catch (error) {
    if (!(error instanceof SandboxUnavailableError)) throw error;
    return { ok: false, report: noSandbox(error.message, error.install) };
  }
}

function noSandbox(reason: string, install: string): Pick<Report, "status" | "message" | "missing"> {
  return { status: "unavailable", missing: "sandbox", message: `There is no sandbox: ${reason} ${install}` };
}

export function seenIn({ exit_code, duration_ms, output }: SandboxResult) {
  return { exit_code, duration_ms: Math.round(duration_ms), output_tail: output };
}

export function timedOut({ duration_ms }: SandboxResult): Pick<Report, "status" | "message"> {
  const seconds = Math.round(duration_ms / 1000);
  return { status: "timed_out", message: `It was ended after ${seconds} s: it took too long.` };
}

/** Documents and data files are read, not run. */
export async function contentReceipts({ parts, context, files }: Validation): Promise<readonly Report[]> {
  const { head, imported } = context.state();
  // What could not be imported is there for whoever links to it.
  const unread = imported?.skipped.map(({ path }) => [path, ""] as const) ?? [];
  const examined = await parts.contents.examine(new Map([...unread, ...files]), context.signal);
  const { mode } = head;
  return examined.map(({ toolchain, verdict }) => ({
    name: `${toolchain}: contents`,
    stage: "test",
    toolchain,
    status: verdict.passed ? "passed" : "failed",
    message: verdict.passed ? null : verdict.problems.slice(0, MOST_PROBLEMS).join("; "),
    output_tail: verdict.problems.join("\n"),
    // Beside a program a document is an accompaniment; a broken link does not make the program wrong.
    blocks: toolchain === "data" || mode !== "software",
  }));
}

const MOST_PROBLEMS = 5;
