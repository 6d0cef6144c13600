import { checkOf, isMechanical } from "../../core/check.ts";
import { documentOf, treeOf, type WorkflowState } from "../../core/workflow/state.ts";
import type { Sandbox } from "../../ports/sandbox.ts";
import type { ContentChecker, DetectToolchains, ToolchainStage } from "../../ports/toolchain.ts";
import type { WorkingDirectory, Workspaces } from "../../ports/workspace.ts";
import { contentsOf } from "../contents-of.ts";
import { treeHash } from "../hash.ts";
import { machineTrouble } from "../machine-trouble.ts";
import type { StepExecutor } from "../step-executor.ts";
import { CheckDirectory } from "./check-directory.ts";
import { integrityReports } from "./integrity-reports.ts";
import { runCheck } from "./run-check.ts";
import { contentReceipts, type Report, runStages, toReceipt, type Validation } from "./run-stages.ts";
import { tryWithoutProgram } from "./try-without-program.ts";

export type ValidationParts = {
  readonly sandbox: Sandbox;
  readonly workspaces: Pick<Workspaces, "create">;
  readonly detectToolchains: DetectToolchains;
  readonly classifyOutcome: (
    stage: ToolchainStage,
    outcome: { readonly exit_code: number | null; readonly output: string },
  ) => { readonly status: "failed" | "unavailable"; readonly message: string };
  readonly contents: ContentChecker;
};

/** Runs what decides about the tree: its toolchains, and the checks of the contract. Asks no model. */
export function createValidationExecutor(parts: ValidationParts): StepExecutor {
  return async (context) => {
    const state = context.state();
    const files = await contentsOf(context.storage, treeOf(state));
    const { tenant_id, id } = state.head;
    const create: Validation["create"] = (others = files) =>
      parts.workspaces.create(
        { tenant_id, workflow_id: id },
        [...others].map(([path, content]) => ({ path, content })),
      );
    const made: WorkingDirectory[] = [];
    try {
      const directory = await create();
      made.push(directory);
      const validation: Validation = {
        parts,
        context,
        files,
        create,
        directory,
        tree_hash: treeHash(state),
        health: onceOnly(() => parts.sandbox.health()),
      };
      const reports = await reportsOf(validation, state);
      const receipts = reports.map((report) => toReceipt(validation, report));
      return { ok: true, result: { kind: "validation", receipts }, blobs: [] };
    } catch (error) {
      const trouble = machineTrouble(error);
      if (trouble === null) throw error;
      return { ok: false, failure: trouble };
    } finally {
      for (const directory of made) await directory.remove();
    }
  };
}

async function reportsOf(validation: Validation, state: WorkflowState): Promise<readonly Report[]> {
  const { toolchains, problems } = toolchainsOf(validation, state);
  const reports: Report[] = problems.map((message) => ({
    name: CUSTOM_FILE,
    stage: "build",
    status: "failed",
    message,
    toolchain: "custom",
  }));
  for (const toolchain of toolchains) reports.push(...(await runStages(validation, toolchain)));
  reports.push(...(await integrityReports(validation, state)));
  reports.push(...(await contentReceipts(validation)));
  const place = new CheckDirectory(validation, toolchains);
  const pristine = onceOnly(() => validation.create());
  try {
    reports.push(...(await checkReports(validation, state, { place, pristine })));
  } finally {
    await place.remove();
    await pristine.made?.then((directory) => directory.remove());
  }
  reports.push(...(await tryWithoutProgram(validation, reports)));
  return reports;
}

const CUSTOM_FILE = "orca.toolchain.yaml";

/**
 * How the tree is built and tested. A file that says so stands alone when it came with the repository; one that a model wrote
 * adds to what the tree shows, and hides nothing of it.
 */
function toolchainsOf({ parts, files }: Validation, state: WorkflowState): ReturnType<DetectToolchains> {
  const found = parts.detectToolchains(files);
  const own = state.latest_artifacts.get(CUSTOM_FILE);
  if (own === undefined || own.deleted || own.task_id === "") return found;
  const others = parts.detectToolchains(new Map([...files].filter(([path]) => path !== CUSTOM_FILE)));
  return {
    toolchains: [...others.toolchains, ...found.toolchains],
    problems: [...others.problems, ...found.problems],
  };
}

type CheckPlaces = {
  /** For commands. */
  readonly place: CheckDirectory;
  /** For files: just what is delivered. */
  readonly pristine: () => Promise<WorkingDirectory>;
};

async function checkReports(
  validation: Validation,
  state: WorkflowState,
  { place, pristine }: CheckPlaces,
): Promise<readonly Report[]> {
  const reports: Report[] = [];
  for (const { id, level, ...criterion } of documentOf(state, "constitution")?.acceptance_criteria ?? []) {
    const check = checkOf(criterion);
    if (!isMechanical(check) || state.waivers.has(id)) continue;
    validation.context.signal.throwIfAborted();
    const where =
      check.kind === "file" ? { ...validation, directory: await pristine() } : await place.clean();
    const report = await runCheck(where, check);
    reports.push({ ...report, name: id, stage: "check", criterion: id, blocks: level === "must" });
  }
  return reports;
}

type OnceOnly<T> = (() => Promise<T>) & { readonly made: Promise<T> | null };

function onceOnly<T>(make: () => Promise<T>): OnceOnly<T> {
  let made: Promise<T> | null = null;
  const get = (): Promise<T> => (made ??= make());
  return Object.defineProperty(get, "made", { get: () => made }) as OnceOnly<T>;
}
