import { type Check, checkOf, isMechanical } from "../../core/check.ts";
import type { AcceptanceCriterion } from "../../core/documents.ts";
import { testProblems } from "../../core/test-integrity.ts";
import { documentOf, treeAt, treeOf, type WorkflowState } from "../../core/workflow/state.ts";
import type { Sandbox } from "../../ports/sandbox.ts";
import type { ContentChecker, DetectToolchains, ToolchainStage } from "../../ports/toolchain.ts";
import type { Workspaces } from "../../ports/workspace.ts";
import { treeHash } from "../hash.ts";
import type { StepContext, StepExecutor } from "../step-executor.ts";
import { runCheck } from "./run-check.ts";
import { contentReceipts, type Report, runStages, toReceipt, type Validation } from "./run-stages.ts";

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
    const files = await contentsOf(context, treeOf(state));
    const { tenant_id, id } = state.head;
    const place = { tenant_id, workflow_id: id };
    const directory = await parts.workspaces.create(
      place,
      [...files].map(([path, content]) => ({ path, content })),
    );
    try {
      const validation: Validation = {
        parts,
        context,
        files,
        directory,
        tree_hash: treeHash(state),
        health: onceOnly(() => parts.sandbox.health()),
      };
      const reports = [
        ...(await toolchainReports(validation)),
        ...(await integrityReports(validation, state)),
        ...(await contentReceipts(validation)),
        ...(await checkReports(validation, state)),
      ];
      const receipts = reports.map((report) => toReceipt(validation, report));
      return { ok: true, result: { kind: "validation", receipts }, blobs: [] };
    } finally {
      await directory.remove();
    }
  };
}

async function toolchainReports(validation: Validation): Promise<readonly Report[]> {
  const { toolchains, problems } = validation.parts.detectToolchains(validation.files);
  const reports: Report[] = problems.map((message) => ({
    name: "orca.toolchain.yaml",
    stage: "build",
    status: "failed",
    message,
    toolchain: "custom",
  }));
  for (const toolchain of toolchains) reports.push(...(await runStages(validation, toolchain)));
  return reports;
}

/** Tests are held to what they were in the cycle before, or in the tree that the workflow began with. */
async function integrityReports(
  { context, files }: Validation,
  state: WorkflowState,
): Promise<readonly Report[]> {
  const { cycle } = context.step;
  const last = [...state.artifacts.values()]
    .filter((artifact) => (cycle > 0 ? artifact.cycle < cycle : artifact.task_id === ""))
    .reduce((most, { ordinal }) => Math.max(most, ordinal), 0);
  const before = last === 0 ? null : await contentsOf(context, treeAt(state, last));
  const problems = testProblems(files, before);
  if (problems.length === 0) return [];
  return [{ name: "tests: integrity", stage: "test", status: "failed", message: `${problems.join("; ")}.` }];
}

async function checkReports(validation: Validation, state: WorkflowState): Promise<readonly Report[]> {
  const reports: Report[] = [];
  for (const criterion of documentOf(state, "constitution")?.acceptance_criteria ?? []) {
    const check = checkOf(criterion);
    if (!isMechanical(check) || state.waivers.has(criterion.id)) continue;
    validation.context.signal.throwIfAborted();
    reports.push(await reportOf(validation, criterion, check));
  }
  return reports;
}

async function reportOf(
  validation: Validation,
  { id, level }: AcceptanceCriterion,
  check: Exclude<Check, { kind: "rubric" }>,
): Promise<Report> {
  const report = await runCheck(validation, check);
  return { ...report, name: id, stage: "check", criterion: id, blocks: level === "must" };
}

async function contentsOf(
  { storage }: StepContext,
  tree: readonly { readonly path: string; readonly hash: string }[],
): Promise<ReadonlyMap<string, string>> {
  const contents =
    tree.length === 0 ? new Map<string, string>() : await storage.readBlobs(tree.map(({ hash }) => hash));
  return new Map(
    tree.map(({ path, hash }) => {
      const content = contents.get(hash);
      if (content === undefined) throw new Error(`the content of ${path} is not stored`);
      return [path, content];
    }),
  );
}

function onceOnly<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | null = null;
  return () => (asked ??= ask());
}
