import type { RoleName } from "../../core/role-name.ts";
import type { DirectorOutput, ImplementerOutput, RoleOutputs } from "../../core/role-output.ts";

/** What an answer depends on. */
export type Asked = { readonly role: RoleName; readonly step_id: string };

export type Script = {
  /** Tasks of the first plan by key, each with the keys it depends on. */
  readonly graph?: Readonly<Record<string, readonly string[]>>;
  /** Cycles in which QA finds the work wanting; the Architect then plans one task a cycle. */
  readonly blocks?: (cycle: number) => boolean;
  readonly brief?: Partial<DirectorOutput>;
};

/** Tasks `a` and `b` side by side, `c` after both. */
const GRAPH = { a: [], b: [], c: ["a", "b"] } as const;

/** Every role says something sound; what it says depends on nothing but the step. */
export function plausibleAnswers(script: Script = {}): (asked: Asked) => unknown {
  const { graph = GRAPH, blocks = () => false, brief: over = {} } = script;
  const first = `${Object.keys(graph)[0] ?? "a"}.txt`;
  return ({ role, step_id }) => {
    const cycle = Number(/:(\d+)$/.exec(step_id)?.[1] ?? 0);
    switch (role) {
      case "director":
        return brief(over);
      case "project_manager":
        return contract();
      case "architect":
        return design(cycle === 0 ? graph : { [`repair-${cycle}`]: [] });
      case "implementer":
        return work(step_id.replace("task:", ""));
      case "qa":
        return blocks(cycle) ? judgement("unmet", [finding]) : judgement("met", [], first);
      case "finalizer":
        return { delivery_notes: "Read it.", summary: "It is written." };
      case "refiner":
        return { suggestions: [], health_score: 90, overall_assessment: "It went well." };
    }
  };
}

export function brief(over: Partial<DirectorOutput> = {}): DirectorOutput {
  return {
    mode: "docs",
    title: "Three files",
    goals: ["three files"],
    model: "fake/small",
    role_models: [],
    finalizer_action: "api-response",
    rationale: "It asks for text.",
    summary: "Three small files.",
    ...over,
  };
}

export function contract(ids: readonly string[] = ["AC1"]): RoleOutputs["project_manager"] {
  return {
    constitution: {
      vision: "Three files.",
      goals: [],
      constraints: [],
      audience: "readers",
      output_medium: "text files",
      acceptance_criteria: ids.map((id) => ({
        id,
        text: `${id} holds.`,
        level: "must",
        check: { kind: "rubric", question: `Does ${id} hold?` },
      })),
      out_of_scope: [],
    },
    requirements: { functional: [], non_functional: [], dependencies: [] },
    plan: { milestones: [{ id: "M1", title: "Files", depends_on: [], done_when: "they exist" }] },
    summary: "One criterion.",
  };
}

export function design(
  graph: Readonly<Record<string, readonly string[]>>,
  criteria: readonly string[] = ["AC1"],
): RoleOutputs["architect"] {
  return {
    design: {
      overview: "Files.",
      components: [],
      decisions: [],
      diagrams: [],
      tech_stack: [],
      delivery_target: "api-response",
    },
    tasks: Object.entries(graph).map(([key, depends_on]) => ({
      key,
      title: `Write ${key}`,
      description: `Write ${key}.txt.`,
      depends_on: [...depends_on],
      criteria: [...criteria],
      writes: [pathOf(key)],
    })),
    summary: "Planned.",
  };
}

function pathOf(key: string): string {
  return key.startsWith("repair") ? "a.txt" : `${key}.txt`;
}

export function work(key: string, path = pathOf(key)): ImplementerOutput {
  const content = `hello from ${key}\n`;
  return {
    artifacts: [{ path, kind: "document", description: `The file ${path}`, content }],
    deleted: [],
    summary: `Wrote ${path}.`,
  };
}

export function judgement(
  verdict: "met" | "unmet" | "unknown",
  findings: RoleOutputs["qa"]["findings"] = [],
  path = "a.txt",
): RoleOutputs["qa"] {
  const citations = [{ path, line: 1, quote: null }];
  return { criteria: [{ id: "AC1", verdict, evidence: `${path}:1`, citations }], findings, summary: "Read." };
}

export const finding: RoleOutputs["qa"]["findings"][number] = {
  id: null,
  severity: "blocking",
  component: "a.txt",
  description: "The greeting is missing.",
  recommendation: "Write the greeting.",
  evidence: "a.txt:1",
  citations: [{ path: "a.txt", line: 1, quote: null }],
  criterion: "AC1",
};
