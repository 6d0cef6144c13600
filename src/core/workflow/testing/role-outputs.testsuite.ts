import type { PlannedTask } from "../../documents.ts";
import type { RoleOutputs } from "../../role-output.ts";
import type { StepResult } from "../commands.ts";

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

export function contract(levels: Readonly<Record<string, Level>> = { AC1: "must" }) {
  const criteria = Object.entries(levels).map(([id, level]) => ({ id, text: `${id} holds`, level }));
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

/** Tasks by key, each with the keys it depends on. */
export function tasks(graph: Readonly<Record<string, readonly string[]>>): PlannedTask[] {
  return Object.entries(graph).map(([key, dependencies]) => ({
    key,
    title: `Task ${key}`,
    description: `Do ${key}.`,
    depends_on: [...dependencies],
    criteria: [],
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
export function work(paths: readonly string[], wording = "first"): RoleOutputs["implementer"] {
  return {
    artifacts: paths.map((path) => ({
      path,
      kind: "code",
      description: `The file ${path}.`,
      hash: `hash-of-${path}-${wording}`,
      size: 42,
    })),
    summary: `Wrote ${paths.join(", ")}.`,
  } as unknown as RoleOutputs["implementer"];
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

export const receipt: Extract<StepResult, { kind: "delivery" }>["receipt"] = {
  action: "api-response",
  links: ["/workflows/w1"],
  metadata: [{ name: "files", value: "1" }],
};
