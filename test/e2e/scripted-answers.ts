import type { ModelCall } from "./fake-model.ts";

const finding = {
  id: null,
  severity: "blocking",
  component: "a.txt",
  description: "The greeting is missing.",
  recommendation: "Write the greeting.",
  evidence: "a.txt:1",
  citations: [{ path: "a.txt", line: 1, quote: null }],
  criterion: "AC1",
};

/**
 * Plausible answers of every role: tasks `a` and `b` side by side, `c` after both. QA blocks in the cycles that
 * `blocks` names; the Architect then plans one task a cycle.
 */
export function scriptedAnswers(
  blocks: (cycle: number) => boolean = () => false,
): (call: ModelCall) => unknown {
  return (call) => {
    const cycle = Number(/:(\d+)$/.exec(call.step)?.[1] ?? 0);
    switch (call.role) {
      case "director":
        return {
          mode: "docs",
          title: "Three files",
          goals: ["three files"],
          model: "fake/m1",
          role_models: [],
          finalizer_action: "api-response",
          rationale: "It asks for text.",
          summary: "Three small files.",
        };
      case "project_manager":
        return projectManagerAnswer();
      case "architect":
        return architectAnswer(cycle);
      case "implementer":
        return implementerAnswer(call.step.replace("task:", ""));
      case "qa":
        return {
          criteria: [
            {
              id: "AC1",
              verdict: blocks(cycle) ? "unmet" : "met",
              evidence: "a.txt:1",
              citations: finding.citations,
            },
          ],
          findings: blocks(cycle) ? [finding] : [],
          summary: blocks(cycle) ? "Not yet." : "All there.",
        };
      case "finalizer":
        return { delivery_notes: "Read a.txt first.", summary: "Three files are written." };
      case "refiner":
        return { suggestions: [], health_score: 90, overall_assessment: "It went well." };
      default:
        throw new Error(`nobody answers for the role ${call.role}`);
    }
  };
}

function projectManagerAnswer(): unknown {
  return {
    constitution: {
      vision: "Three files.",
      goals: [],
      constraints: [],
      audience: "readers",
      output_medium: "text files",
      acceptance_criteria: [
        {
          id: "AC1",
          text: "a.txt greets.",
          level: "must",
          check: { kind: "rubric", question: "Does a.txt greet?" },
        },
      ],
      out_of_scope: [],
    },
    requirements: { functional: [], non_functional: [], dependencies: [] },
    plan: { milestones: [{ id: "M1", title: "Files", depends_on: [], done_when: "they exist" }] },
    summary: "One criterion.",
  };
}

function architectAnswer(cycle: number): unknown {
  const task = (key: string, depends_on: string[] = []): unknown => ({
    key,
    title: `Write ${key}`,
    description: `Write ${key}.txt.`,
    depends_on,
    criteria: ["AC1"],
    writes: [key.startsWith("repair") ? "a.txt" : `${key}.txt`],
  });
  return {
    design: {
      overview: "Files.",
      components: [],
      decisions: [],
      diagrams: [],
      tech_stack: [],
      delivery_target: "api-response",
    },
    tasks: cycle === 0 ? [task("a"), task("b"), task("c", ["a", "b"])] : [task(`repair-${cycle}`)],
    summary: "Planned.",
  };
}

function implementerAnswer(key: string): unknown {
  const path = key.startsWith("repair") ? "a.txt" : `${key}.txt`;
  return {
    artifacts: [{ path, kind: "document", description: `The file ${path}`, content: `hello from ${key}\n` }],
    deleted: [],
    summary: `Wrote ${path}.`,
  };
}
