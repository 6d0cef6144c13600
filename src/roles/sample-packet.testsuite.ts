import type { RoleName } from "../core/role-name.ts";
import type { HandoffPacket } from "../core/workflow/packet.ts";
import type { FindingState, TaskState } from "../core/workflow/state.ts";

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
    ],
    criteria: [
      { id: "AC1", verdict: "unmet", evidence: write("criteria.evidence"), cycle: 0 },
      { id: "AC2", verdict: "met", evidence: write("criteria.evidence.2"), cycle: 0 },
    ],
    findings: [
      finding("f1", { severity: "blocking", status: "open" }, write),
      finding("f2", { severity: "warning", status: "open" }, write),
      finding("f3", { severity: "blocking", status: "resolved" }, write),
    ],
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
      open_findings: ["f1", "f2"],
    },
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
      acceptance_criteria: [
        { id: "AC1", text: write("acceptance_criteria.AC1"), level: "must" },
        { id: "AC2", text: write("acceptance_criteria.AC2"), level: "should" },
      ],
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
    criterion: "AC1",
    raised_by: "qa",
    raised_in_cycle: 0,
    resolved_in_cycle: standing.status === "open" ? null : 1,
    resolution: standing.status === "open" ? null : write(`findings.${id}.resolution`),
  };
}
