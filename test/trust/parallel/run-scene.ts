import type { Chance } from "../../chaos/chance.ts";
import { provenWrong } from "../../chaos/proven-wrong.ts";
import { brief, closing, contract, design, must, rubric } from "../plain-answers.ts";
import type { TrustBench } from "../trust-bench.ts";
import type { Script } from "../wire-model.ts";
import { Rendezvous } from "./rendezvous.ts";
import { type Scene, type SceneName, SCENES } from "./scenes.ts";

export type Played = { readonly name: SceneName; readonly most: number; readonly conflicts: number };

/** Plays one scene. Throws a ProvenWrong. */
export async function proveScene(bench: TrustBench, name: SceneName, chance: Chance): Promise<Played> {
  const scene = SCENES[name](chance);
  const met = new Rendezvous(scene.awaited);
  const run = await bench.run(sceneScript(scene, met), { request: "Write the pages.", max_qa_retries: 0 });
  const { status, error, waiting } = run.state.head;
  const ending = `it is ${status}: ${error?.message ?? waiting?.message ?? ""}`;
  const problem = status === "completed" ? scene.problem(run, met) : ending;
  if (problem !== null) throw provenWrong("tasks_keep_each_others_work", `${name}: ${problem}`, run.id);
  const conflicts = run.events.filter(
    ({ type, payload }) =>
      type === "step.failed" && "code" in payload && payload.code === "conflicting_output",
  ).length;
  return { name, most: met.most, conflicts };
}

function sceneScript(scene: Scene, met: Rendezvous): Script {
  return (asked) => {
    const { role, step, attempt, call } = asked;
    const key = step.slice("task:".length);
    switch (role) {
      case "director":
        return { answer: brief("docs", "Pages") };
      case "project_manager":
        return { answer: contract([must("AC1", "There are pages.", rubric("Where?"))]) };
      case "architect":
        return { answer: design(scene.tasks) };
      case "implementer": {
        const waits = attempt === 1 && call === 1 && scene.waits(key);
        return met.hold(key, waits, () => scene.work(key, asked));
      }
      case "qa":
        return { answer: judgement(scene) };
      default:
        return { answer: closing(role === "finalizer" ? "finalizer" : "refiner") };
    }
  };
}

function judgement({ tasks }: Scene): unknown {
  const citations = [...tasks.map(({ key }) => `${key}.md`), "shared.md"].map((path) => {
    return { path, line: 1, quote: null };
  });
  const criteria = [{ id: "AC1", verdict: "met", evidence: "They are there.", citations }];
  return { criteria, findings: [], summary: "They were read." };
}
