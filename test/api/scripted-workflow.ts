import { createHash } from "node:crypto";

import { citationKey } from "../../src/core/citation.ts";
import type { Receipt } from "../../src/core/receipt.ts";
import type { RoleName } from "../../src/core/role-name.ts";
import type { RoleOutputs } from "../../src/core/role-output.ts";
import type { Blob } from "../../src/core/workflow/commit.ts";
import type { StepContext, StepExecutors, StepOutcome } from "../../src/engine/step-executor.ts";

/** What the one artifact of a scripted workflow holds. */
export const CONTENT = "# Hello\n\nCafé, 世界\n";

/** Plays all roles without a model: one task, one file, one warning, done. Roles can be held at a gate. */
export class ScriptedWorkflow {
  readonly executors: StepExecutors;
  readonly #gates = new Map<string, PromiseWithResolvers<void>>();
  #outputs: Partial<{ [R in RoleName]: RoleOutputs[R] }> = {};

  constructor() {
    const role = (context: StepContext) => this.#play(context);
    this.executors = {
      workspace: () => Promise.reject(new Error("no scripted workflow begins with a tree")),
      role,
      task: role,
      validation: () => Promise.resolve(VALIDATED),
      delivery: () => Promise.resolve(DELIVERED),
    };
  }

  /** Every workflow stops in front of this role until the returned function is called. */
  hold(role: RoleName): () => void {
    const gate = Promise.withResolvers<void>();
    this.#gates.set(role, gate);
    return () => {
      this.#gates.delete(role);
      gate.resolve();
    };
  }

  say<R extends RoleName>(role: R, output: RoleOutputs[R]): void {
    this.#outputs = { ...this.#outputs, [role]: output };
  }

  async #play({ step, signal }: StepContext): Promise<StepOutcome> {
    const role = step.role;
    if (role === null) throw new Error(`step ${step.id} has no role`);
    const aborted = new Promise<never>((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    });
    await Promise.race([this.#gates.get(role)?.promise, aborted]);
    const output = this.#outputs[role] ?? OUTPUTS[role];
    const blobs = role === "implementer" ? [blobOf(CONTENT)] : [];
    const resolved = [citationKey(CITATION)];
    return { ok: true, result: { kind: "role", role, output, resolved }, blobs };
  }
}

function blobOf(content: string): Blob {
  return { hash: createHash("sha256").update(content).digest("hex"), content };
}

const RECEIPT: Receipt = {
  name: "documents: contents",
  stage: "test",
  criterion: null,
  toolchain: "documents",
  command: null,
  status: "passed",
  exit_code: null,
  duration_ms: 1,
  output_tail: "",
  message: null,
  missing: null,
  blocks: true,
  sandbox: "none",
  tree_hash: "",
};
const VALIDATED: StepOutcome = { ok: true, result: { kind: "validation", receipts: [RECEIPT] }, blobs: [] };
const DELIVERED: StepOutcome = {
  ok: true,
  result: { kind: "delivery", receipt: { action: "api-response", links: [], metadata: [] } },
  blobs: [],
};

export const CITATION = { path: "docs/café (1).md", line: 1, quote: null };

const OUTPUTS: RoleOutputs = {
  director: {
    mode: "docs",
    title: "A greeting",
    goals: ["Say hello"],
    model: "fake/small",
    role_models: [],
    finalizer_action: "api-response",
    rationale: "One file is enough.",
    summary: "A greeting in one file.",
  },
  project_manager: {
    constitution: {
      vision: "A greeting exists.",
      goals: ["Say hello"],
      constraints: [],
      audience: "Everyone",
      output_medium: "Markdown",
      acceptance_criteria: [
        {
          id: "AC1",
          text: "The file greets.",
          level: "must",
          check: { kind: "rubric", question: "Does the file greet?" },
        },
      ],
      out_of_scope: [],
    },
    requirements: { functional: [], non_functional: [], dependencies: [] },
    plan: { milestones: [{ id: "M1", title: "Greeting", depends_on: [], done_when: "The file greets." }] },
    summary: "One criterion.",
  },
  architect: {
    design: {
      overview: "One file.",
      components: [],
      decisions: [],
      diagrams: [],
      tech_stack: [],
      delivery_target: "files",
    },
    tasks: [
      {
        key: "greet",
        title: "Greet",
        description: "Write it.",
        depends_on: [],
        criteria: ["AC1"],
        writes: ["docs/"],
      },
    ],
    summary: "One task.",
  },
  implementer: {
    artifacts: [
      {
        path: "docs/café (1).md",
        kind: "markdown",
        description: "The greeting.",
        hash: blobOf(CONTENT).hash,
        size: Buffer.byteLength(CONTENT),
      },
    ],
    deleted: [],
    summary: "Written.",
  },
  qa: {
    criteria: [{ id: "AC1", verdict: "met", evidence: "line 1", citations: [CITATION] }],
    findings: [
      {
        id: null,
        severity: "warning",
        component: "docs",
        description: "Short.",
        recommendation: "Say more.",
        evidence: "line 1",
        citations: [CITATION],
        criterion: null,
      },
    ],
    summary: "Good.",
  },
  finalizer: { delivery_notes: "Read it.", summary: "Done." },
  refiner: {
    suggestions: [
      {
        component_type: "prompt",
        component_name: "qa",
        problem: "Short findings.",
        proposed_fix: "Ask for more.",
        content: null,
        priority: "low",
      },
    ],
    health_score: 90,
    overall_assessment: "Went well.",
  },
};
