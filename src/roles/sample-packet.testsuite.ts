import type { Citation } from "../core/citation.ts";
import type { AcceptanceCriterion } from "../core/documents.ts";
import type { RoleName } from "../core/role-name.ts";
import type { HandoffPacket } from "../core/workflow/packet.ts";
import type { FindingState, ReceiptState, TaskState } from "../core/workflow/state.ts";

/** Writes the free text of a packet; `path` says where it stands. */
export type Writer = (path: string) => string;

/** Free text that names its own place, so that a test can tell what was rendered. */
export const marked: Writer = (path) => `§${path}§`;

type PacketOptions = { readonly role: RoleName; readonly cycle: number; readonly write?: Writer };

/** A packet in which every field is filled; references (criteria, findings, task keys) are real. */
export function samplePacket({ role, cycle, write = marked }: PacketOptions): HandoffPacket {
  return {
    workflow_id: "workflow-1",
    role,
    request: write("request"),
    title: write("title"),
    mode: "software",
    mode_is_given: true,
    title_is_given: true,
    cycle,
    max_qa_retries: 2,
    status: "failed",
    error: { code: write("error.code"), message: write("error.message") },
    brief: { goals: [write("brief.goals")] },
    ...documents(write),
    summaries: [{ role: "director", summary: write("summaries") }],
    tasks: [task("first", write), task("second", write)],
    task: role === "implementer" ? task("first", write) : null,
    artifacts: [
      { ...artifact("shown.txt", write), content: write("artifacts.content") },
      { ...artifact("named.txt", write), content: null },
      { ...artifact("guide.txt", write), task_id: "", content: write("guides.content") },
    ],
    ...judged(write),
    ...surroundings(write),
    delivery: {
      status: "failed",
      action: "directory",
      links: [],
      metadata: [],
      message: write("delivery.message"),
    },
    choices: {
      models: [write("choices.models.1"), write("choices.models.2")],
      default_model: write("choices.default_model"),
      delivery_actions: [write("choices.delivery_actions")],
      criteria: ["AC1", "AC2"],
      task_keys: ["first", "second"],
      open_findings: ["f1", "f2", "f5"],
    },
  };
}

function judged(write: Writer): Pick<HandoffPacket, "criteria" | "findings" | "receipts" | "waivers"> {
  const verdict = (id: string, shownBy: string | null) => ({
    id,
    evidence: write(`criteria.${id}.evidence`),
    citations: [cited(`criteria.${id}`, write)],
    cycle: 0,
    decided_by: shownBy === null ? ("qa" as const) : ("check" as const),
    receipt: shownBy,
  });
  return {
    criteria: [
      { ...verdict("AC1", "r2"), verdict: "unmet" },
      { ...verdict("AC2", null), verdict: "met" },
    ],
    findings: [
      finding("f1", { severity: "blocking", status: "open" }, write),
      finding("f2", { severity: "warning", status: "open" }, write),
      finding("f3", { severity: "blocking", status: "resolved" }, write),
      finding("f4", { severity: "blocking", status: "waived" }, write),
      {
        ...finding("f5", { severity: "blocking", status: "open" }, write),
        raised_by: "engine",
        receipt: "r3",
      },
    ],
    receipts: [
      { ...receipt("r1", "passed", write), name: "AC1" },
      { ...receipt("r2", "failed", write), name: "AC1", criterion: "AC1", stage: "check" },
      receipt("r3", "timed_out", write),
      receipt("r4", "passed", write),
      receipt("r5", "unavailable", write),
    ],
    waivers: [{ id: "AC2", reason: write("waivers.reason") }],
  };
}

function surroundings(write: Writer): Pick<HandoffPacket, "tree" | "imported" | "notes" | "diff"> {
  return {
    tree: [write("tree.1"), write("tree.2"), write("artifacts.shown.txt.path")],
    imported: {
      repo: write("imported.repo"),
      commit: write("imported.commit"),
      files: 3,
      skipped: [{ path: write("imported.skipped.path"), reason: write("imported.skipped.reason") }],
    },
    notes: [{ gate: "plan", verb: "approve", note: write("notes") }],
    diff: write("diff"),
  };
}

function documents(
  write: Writer,
): Pick<HandoffPacket, "constitution" | "requirements" | "plan" | "design" | "finalization"> {
  const requirement = (path: string) => ({
    id: write(`${path}.id`),
    title: write(`${path}.title`),
    description: write(`${path}.description`),
    priority: "must" as const,
    source: write(`${path}.source`),
  });
  return {
    constitution: {
      vision: write("constitution.vision"),
      goals: [write("constitution.goals")],
      constraints: [write("constitution.constraints")],
      audience: write("constitution.audience"),
      output_medium: write("constitution.output_medium"),
      acceptance_criteria: [...acceptanceCriteria(write)],
      out_of_scope: [write("constitution.out_of_scope")],
    },
    requirements: {
      functional: [requirement("requirements.functional")],
      non_functional: [requirement("requirements.non_functional")],
      dependencies: [write("requirements.dependencies")],
    },
    plan: {
      milestones: [
        { id: "M1", title: write("plan.title"), depends_on: [], done_when: write("plan.done_when") },
      ],
    },
    design: {
      overview: write("design.overview"),
      components: [
        {
          name: write("design.components.name"),
          description: write("design.components.description"),
          inputs: [write("design.components.inputs")],
          outputs: [write("design.components.outputs")],
        },
      ],
      decisions: [
        {
          decision: write("design.decisions.decision"),
          rationale: write("design.decisions.rationale"),
          tradeoffs: write("design.decisions.tradeoffs"),
        },
      ],
      diagrams: [write("design.diagrams")],
      tech_stack: [write("design.tech_stack")],
      delivery_target: write("design.delivery_target"),
    },
    finalization: { summary: write("finalization.summary"), delivery_notes: write("finalization.notes") },
  };
}

function acceptanceCriteria(write: Writer): AcceptanceCriterion[] {
  const at = (id: string, level: AcceptanceCriterion["level"]) => ({
    id,
    level,
    text: write(`acceptance_criteria.${id}`),
  });
  const said = (id: string, name: string) => write(`acceptance_criteria.${id}.check.${name}`);
  return [
    {
      ...at("AC1", "must"),
      check: {
        kind: "command",
        command: said("AC1", "command"),
        exit_code: 0,
        output_contains: said("AC1", "output"),
      },
    },
    {
      ...at("AC2", "should"),
      check: {
        kind: "file",
        path: said("AC2", "path"),
        contains: [said("AC2", "contains")],
        headings: [said("AC2", "headings")],
        min_words: 10,
        max_words: 20,
        columns: [said("AC2", "columns")],
        min_rows: 1,
        sql: said("AC2", "sql"),
        json_schema: said("AC2", "schema"),
      },
    },
    {
      ...at("AC3", "must"),
      check: {
        kind: "http",
        start: said("AC3", "start"),
        method: "POST",
        path: said("AC3", "path"),
        body: said("AC3", "body"),
        status: 201,
        body_contains: said("AC3", "contains"),
      },
    },
    { ...at("AC4", "should"), check: { kind: "rubric", question: said("AC4", "question") } },
  ];
}

function task(id: string, write: Writer): TaskState {
  return {
    id,
    ordinal: 1,
    title: write(`tasks.${id}.title`),
    description: write(`tasks.${id}.description`),
    status: "completed",
    depends_on: [],
    dependents: [],
    unmet: 0,
    criteria: ["AC1"],
    writes: [write(`tasks.${id}.writes`)],
    cycle: 0,
    attempt: 1,
    summary: write(`tasks.${id}.summary`),
    created_at: "2026-11-23T00:00:00Z",
    completed_at: null,
  };
}

function artifact(name: string, write: Writer): Omit<HandoffPacket["artifacts"][number], "content"> {
  return {
    id: `artifact-${name}`,
    path: write(`artifacts.${name}.path`),
    kind: "document",
    description: write(`artifacts.${name}.description`),
    revision: 1,
    task_id: "first",
    hash: "0".repeat(64),
  };
}

function finding(
  id: string,
  standing: Pick<FindingState, "severity" | "status">,
  write: Writer,
): FindingState {
  return {
    id,
    ordinal: 1,
    ...standing,
    component: write(`findings.${id}.component`),
    description: write(`findings.${id}.description`),
    recommendation: write(`findings.${id}.recommendation`),
    evidence: write(`findings.${id}.evidence`),
    citations: [cited(`findings.${id}`, write)],
    criterion: "AC1",
    raised_by: "qa",
    evidence_class: "cited",
    fingerprint: "0".repeat(16),
    receipt: null,
    raised_in_cycle: 0,
    resolved_in_cycle: standing.status === "open" ? null : 1,
    resolution: standing.status === "open" ? null : write(`findings.${id}.resolution`),
  };
}

function cited(path: string, write: Writer): Citation {
  return { path: write(`${path}.citations.path`), line: 1, quote: write(`${path}.citations.quote`) };
}

function receipt(id: string, status: ReceiptState["status"], write: Writer): ReceiptState {
  return {
    id,
    ordinal: 1,
    cycle: 0,
    name: write(`receipts.${id}.name`),
    stage: "test",
    criterion: null,
    toolchain: "shell",
    command: write(`receipts.${id}.command`),
    status,
    exit_code: status === "passed" ? 0 : 1,
    duration_ms: 12,
    output_tail: write(`receipts.${id}.tail`),
    message: status === "passed" ? null : write(`receipts.${id}.message`),
    missing: status === "unavailable" ? "sandbox" : null,
    blocks: true,
    sandbox: "none",
    tree_hash: "0".repeat(64),
  };
}
