import { createHash } from "node:crypto";

import type { AcceptanceCriterion, PlannedTask } from "../../src/core/documents.ts";
import type { Receipt } from "../../src/core/receipt.ts";
import type { StepContext, StepExecutors, StepOutcome } from "../../src/engine/step-executor.ts";
import type { Api } from "./open-api.ts";

export const PAGE = "docs/a b/página.html";
export const OLD = "old.md";

export function contentOf(cycle: number): string {
  return `<script>alert(1)</script>\nversion ${cycle}\n`;
}

function criterion(id: string): AcceptanceCriterion {
  const check = {
    kind: "command",
    command: `node --test ${id}`,
    exit_code: 0,
    output_contains: null,
  } as const;
  return { id, text: `${id} holds.`, level: "must", check };
}

/**
 * Makes the scripted workflows end by receipts: those of a cycle fail for the criteria that `failing` names. Every cycle
 * writes the page anew; the first repair deletes the other file.
 */
export function checkWork(api: Api, failing: (cycle: number) => readonly string[]): void {
  const { role } = api.script.executors;
  const own: Partial<StepExecutors> = {
    role: (context) => planned(context) ?? role(context),
    task: ({ step }) => Promise.resolve(written(step.cycle)),
    validation: ({ step, state }) => {
      const receipts = ["AC1", "AC2"].map((id) => receipt(id, !failing(step.cycle).includes(id)));
      const tree_hash = state().head.tree_hash ?? "";
      return Promise.resolve({
        ok: true,
        result: { kind: "validation", receipts: receipts.map((one) => ({ ...one, tree_hash })) },
        blobs: [],
      });
    },
  };
  Object.assign(api.script.executors, own);
}

/** What the contract and the plans are, for the roles that say them; null for every other role. */
function planned({ step, state }: StepContext): Promise<StepOutcome> | null {
  if (step.role === "project_manager") {
    return said("project_manager", {
      constitution: {
        vision: "A page.",
        goals: [],
        constraints: [],
        audience: "Everyone",
        output_medium: "HTML",
        acceptance_criteria: [criterion("AC1"), criterion("AC2")],
        out_of_scope: [],
      },
      requirements: { functional: [], non_functional: [], dependencies: [] },
      plan: { milestones: [{ id: "M1", title: "Page", depends_on: [], done_when: "It is there." }] },
      summary: "Two criteria.",
    });
  }
  if (step.role !== "architect") return null;
  const { later_plans } = state().head;
  return said("architect", {
    design: {
      overview: `Plan ${later_plans}.`,
      components: [],
      decisions: [],
      diagrams: [],
      tech_stack: [],
      delivery_target: "files",
    },
    tasks: [aTask(`page-${step.cycle}-${later_plans}`)],
    summary: "One task.",
  });
}

export function aTask(key: string): PlannedTask {
  return { key, title: "Page", description: "Write it.", depends_on: [], criteria: ["AC1"], writes: [] };
}

function said(role: "architect" | "project_manager", output: object): Promise<StepOutcome> {
  return Promise.resolve({ ok: true, result: { kind: "role", role, output: { ...output } }, blobs: [] });
}

function written(cycle: number): StepOutcome {
  const files = [
    { path: PAGE, content: contentOf(cycle) },
    ...(cycle === 0 ? [{ path: OLD, content: "old\n" }] : []),
  ];
  const blobs = files.map(({ content }) => ({ hash: sha256(content), content }));
  const artifacts = files.map(({ path, content }) => ({
    path,
    kind: "document",
    description: "A file.",
    hash: sha256(content),
    size: Buffer.byteLength(content),
  }));
  const output = { artifacts, deleted: cycle === 1 ? [OLD] : [], summary: "Written." };
  return { ok: true, result: { kind: "role", role: "implementer", output }, blobs };
}

function receipt(id: string, passed: boolean): Receipt {
  return {
    name: id,
    stage: "check",
    criterion: id,
    toolchain: null,
    command: `node --test ${id}`,
    status: passed ? "passed" : "failed",
    exit_code: passed ? 0 : 1,
    duration_ms: 12,
    output_tail: passed ? "ok 1\n" : "not ok 1\n",
    message: passed ? null : "It ended with exit code 1.",
    missing: null,
    blocks: true,
    sandbox: "bubblewrap",
    tree_hash: "",
  };
}

function sha256(content: string): string {
  return createHash("sha256").update(content).digest("hex");
}

/** QA that has nothing to add to what the receipts say. */
export function quietReviewer(api: Api): void {
  api.script.say("qa", { criteria: [], findings: [], summary: "As the receipts say." });
}
