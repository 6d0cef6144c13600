import type { RoleName } from "../core/role-name.ts";
import { marked } from "./sample-packet.testsuite.ts";

/** One right answer of each role to the sample packet. */
export const sampleOutputs: Readonly<Record<RoleName, Record<string, unknown>>> = {
  director: {
    mode: "software",
    title: "A title",
    goals: ["A goal"],
    model: marked("choices.default_model"),
    role_models: [{ role: "qa", model: marked("choices.models.2") }],
    finalizer_action: marked("choices.delivery_actions"),
    rationale: "A reason",
    summary: "A summary",
  },
  project_manager: {
    constitution: {
      vision: "A vision",
      goals: [],
      constraints: [],
      audience: "Readers",
      output_medium: "A file",
      acceptance_criteria: [
        criterion("AC1", {
          kind: "command",
          command: "sh check.sh",
          exit_code: 0,
          output_contains: null,
        }),
        criterion("AC2", {
          kind: "file",
          path: "a.md",
          contains: [],
          headings: ["A"],
          min_words: 1,
          max_words: null,
          columns: [],
          min_rows: null,
          sql: null,
          json_schema: null,
        }),
        criterion("AC3", {
          kind: "http",
          start: "sh serve.sh",
          method: "GET",
          path: "/",
          body: null,
          status: 200,
          body_contains: "A",
        }),
        criterion("AC4", { kind: "rubric", question: "Is it clear?" }),
      ],
      out_of_scope: [],
    },
    requirements: {
      functional: [{ id: "R1", title: "One", description: "First", priority: "must", source: "the request" }],
      non_functional: [],
      dependencies: [],
    },
    plan: { milestones: [{ id: "M1", title: "All", depends_on: [], done_when: "It is there." }] },
    summary: "A summary",
  },
  architect: {
    design: {
      overview: "An overview",
      components: [{ name: "one", description: "the only one", inputs: [], outputs: ["a file"] }],
      decisions: [{ decision: "one file", rationale: "it is small", tradeoffs: null }],
      diagrams: [],
      tech_stack: [],
      delivery_target: "a file",
    },
    tasks: [
      {
        key: "repair",
        title: "Repair",
        description: "Write it.",
        depends_on: ["first"],
        criteria: ["AC1"],
        writes: ["a.md", "docs/"],
      },
    ],
    summary: "A summary",
  },
  implementer: {
    artifacts: [
      { path: "a.md", kind: "markdown", description: "The text.", content: "# A\n" },
      { path: "b.md", kind: "markdown", description: "Written with tools.", content: null },
    ],
    deleted: ["old.md"],
    summary: "A summary",
  },
  qa: {
    criteria: [
      {
        id: "AC1",
        verdict: "met",
        evidence: "The heading is there.",
        citations: [
          { path: "a.md", line: 1, quote: "# A" },
          { path: "r1", line: null, quote: "1 passed" },
        ],
      },
      { id: "AC2", verdict: "unknown", evidence: "It would need a reader.", citations: [] },
    ],
    findings: [
      finding({ id: "f1", severity: "info", criterion: "AC1" }),
      finding({ id: null, severity: "warning", criterion: null }),
    ],
    summary: "A summary",
  },
  finalizer: { delivery_notes: "Begin with a.md.", summary: "A summary" },
  refiner: {
    suggestions: [
      {
        component_type: "prompt",
        component_name: "qa",
        problem: "f1 came late",
        proposed_fix: "Read sooner",
        content: null,
        priority: "low",
      },
    ],
    health_score: 80,
    overall_assessment: "Fine",
  },
};

function finding(settled: { id: string | null; severity: string; criterion: string | null }): object {
  return {
    ...settled,
    component: "a.md",
    description: "It was empty.",
    recommendation: "Write it.",
    evidence: "a.md is empty.",
    citations: [{ path: "a.md", line: 1, quote: null }],
  };
}

function criterion(id: string, check: object): object {
  return { id, text: "It is there.", level: "must", check };
}
