import type { Check } from "../../check.ts";
import type { Citation } from "../../citation.ts";
import type { PlannedTask } from "../../documents.ts";
import type { Receipt } from "../../receipt.ts";
import type { RoleOutputs } from "../../role-output.ts";
import type { StepResult } from "../commands.ts";
import type { EventPayload } from "../events.ts";

/** Sound outputs of every role, each with the few things that a test wants to say itself. */

export function brief(over: Partial<RoleOutputs["director"]> = {}): RoleOutputs["director"] {
  return {
    mode: "software",
    title: "A greeting program",
    goals: ["a program that greets"],
    model: "acme/large",
    role_models: [],
    finalizer_action: "api-response",
    rationale: "small and clear",
    summary: "The person wants a greeting.",
    ...over,
  };
}

type Level = "must" | "should";

export const rubric: Check = { kind: "rubric", question: "Does it hold?" };

export function command(text = "node --test"): Check {
  return { kind: "command", command: text, exit_code: 0, output_contains: null };
}

export function contract(
  levels: Readonly<Record<string, Level>> = { AC1: "must" },
  checks: Readonly<Record<string, Check>> = {},
) {
  const criteria = Object.entries(levels).map(([id, level]) => ({
    id,
    text: `${id} holds`,
    level,
    check: checks[id] ?? rubric,
  }));
  return {
    constitution: {
      vision: "A program that greets.",
      goals: ["greet"],
      constraints: [],
      audience: "everybody",
      output_medium: "source files",
      acceptance_criteria: criteria,
      out_of_scope: [],
    },
    requirements: {
      functional: [
        { id: "R1", title: "Greet", description: "It greets.", priority: "must", source: "the request" },
      ],
      non_functional: [],
      dependencies: [],
    },
    plan: { milestones: [{ id: "M1", title: "Greeting", depends_on: [], done_when: "it greets" }] },
    summary: "One criterion, one milestone.",
  } satisfies RoleOutputs["project_manager"];
}

/** Tasks by key, each with the keys it depends on and the paths that it says it writes. */
export function tasks(
  graph: Readonly<Record<string, readonly string[]>>,
  writes: Readonly<Record<string, readonly string[]>> = {},
): PlannedTask[] {
  return Object.entries(graph).map(([key, dependencies]) => ({
    key,
    title: `Task ${key}`,
    description: `Do ${key}.`,
    depends_on: [...dependencies],
    criteria: [],
    writes: [...(writes[key] ?? [])],
  }));
}

export function design(planned: readonly PlannedTask[] = tasks({ greet: [] })): RoleOutputs["architect"] {
  return {
    design: {
      overview: "One file.",
      components: [{ name: "greeter", description: "greets", inputs: [], outputs: ["text"] }],
      decisions: [{ decision: "plain JavaScript", rationale: "small", tradeoffs: null }],
      diagrams: [],
      tech_stack: ["node"],
      delivery_target: "a directory",
    },
    tasks: [...planned],
    summary: "One component.",
  };
}

/** Artifacts as references; the hash is made from the path and the wording, not from contents. */
export function work(
  paths: readonly string[],
  wording = "first",
  deleted: readonly string[] = [],
): RoleOutputs["implementer"] {
  return {
    artifacts: paths.map((path) => ({
      path,
      kind: "code",
      description: `The file ${path}.`,
      hash: `hash-of-${path}-${wording}`,
      size: 42,
    })),
    deleted: [...deleted],
    summary: `Wrote ${paths.join(", ")}.`,
  } as unknown as RoleOutputs["implementer"];
}

/** A place in the tree. Drivers take it for found, unless a test says otherwise. */
export function citation(over: Partial<Citation> = {}): Citation {
  return { path: "greet.js", line: 1, quote: null, ...over };
}

type Finding = RoleOutputs["qa"]["findings"][number];

export function finding(over: Partial<Finding> = {}): Finding {
  return {
    id: null,
    severity: "blocking",
    component: "greet.js",
    description: "It does not greet.",
    recommendation: "Make it greet.",
    evidence: "greet.js:1",
    citations: [citation()],
    criterion: null,
    ...over,
  };
}

type Verdict = RoleOutputs["qa"]["criteria"][number]["verdict"];

export function judgement(
  verdicts: Readonly<Record<string, Verdict>> = { AC1: "met" },
  findings: readonly Finding[] = [],
): RoleOutputs["qa"] {
  return {
    criteria: Object.entries(verdicts).map(([id, verdict]) => ({
      id,
      verdict,
      evidence: `${id} in greet.js`,
      citations: [citation()],
    })),
    findings: [...findings],
    summary: findings.length === 0 ? "All is well." : "Something is wrong.",
  };
}

export function finalization(): RoleOutputs["finalizer"] {
  return { delivery_notes: "Run node greet.js.", summary: "A program that greets." };
}

type Suggestion = RoleOutputs["refiner"]["suggestions"][number];

export function suggestion(name = "implementer"): Suggestion {
  return {
    component_type: "prompt",
    component_name: name,
    problem: "It forgot the greeting once.",
    proposed_fix: "Remind it of the criteria.",
    content: null,
    priority: "low",
  };
}

export function assessment(suggestions: readonly Suggestion[] = [suggestion()]): RoleOutputs["refiner"] {
  return { suggestions: [...suggestions], health_score: 80, overall_assessment: "It went well." };
}

/** Of a command that the engine ran; of the criterion's own check where it names one. */
export function ran(over: Partial<Receipt> = {}): Receipt {
  const status = over.status ?? "passed";
  return {
    name: over.criterion ?? "node: test",
    stage: over.criterion == null ? "test" : "check",
    criterion: null,
    toolchain: null,
    command: "node --test",
    status,
    exit_code: status === "passed" ? 0 : status === "failed" ? 1 : null,
    duration_ms: 12,
    output_tail: `it ${status}`,
    message: status === "passed" ? null : `It ${status}.`,
    missing: status === "unavailable" ? "program" : null,
    blocks: true,
    sandbox: "bubblewrap",
    tree_hash: "tree",
    ...over,
  };
}

/** A tree that a workflow begins with. */
export function imported(paths: readonly string[]): EventPayload<"tree.imported"> {
  const files = paths.map((path) => ({ path, kind: "code" as const, hash: `hash-of-${path}`, size: 42 }));
  const skipped = [{ path: "link", reason: "a symbolic link" }];
  return { repo: "/srv/greeter", ref: null, path: null, commit: "c0ffee", files, skipped };
}

export const receipt: Extract<StepResult, { kind: "delivery" }>["receipt"] = {
  action: "api-response",
  links: ["/workflows/w1"],
  metadata: [{ name: "files", value: "1" }],
};
