import type { RoleOutputs } from "../../src/core/role-output.ts";
import { blobOf } from "../../src/engine/hash.ts";
import type { StepContext, StepExecutors, StepOutcome } from "../../src/engine/step-executor.ts";
import { freshContent, type Job } from "../job.ts";
import { placeOf, RESOLVED, roleOutputs } from "./null-outputs.ts";

/** Steps that are done as soon as they begin, so that only the engine is left to measure. */
export function createNullExecutors(job: Job): StepExecutors {
  const outputs = roleOutputs(job.shape);
  const performing =
    (produce: (context: StepContext) => StepOutcome) =>
    (context: StepContext): Promise<StepOutcome> =>
      job.perform(context.state().head.id, placeOf(context.step, job.shape), () => produce(context));
  return {
    role: performing(({ step }) => {
      const { role } = step;
      if (role === null || role === "implementer")
        throw new Error(`step ${step.id} is not the work of a role`);
      return {
        ok: true,
        result: { kind: "role", role, output: outputs[role], resolved: RESOLVED },
        blobs: [],
      };
    }),
    task: performing(writeFile),
    workspace: () => Promise.reject(new Error("no job of the benchmark begins with a tree")),
    validation: performing(() => ({ ok: true, result: { kind: "validation", receipts: [] }, blobs: [] })),
    delivery: performing(() => ({
      ok: true,
      result: { kind: "delivery", receipt: { action: "api-response", links: [], metadata: [] } },
      blobs: [],
    })),
  };
}

function writeFile({ step }: StepContext): StepOutcome {
  const blob = blobOf(freshContent());
  const output: RoleOutputs["implementer"] = {
    artifacts: [
      {
        path: `files/${step.task_id}.txt`,
        kind: "data",
        description: "What the task had to write.",
        hash: blob.hash,
        size: blob.content.length,
      },
    ],
    deleted: [],
    summary: "Wrote the file.",
  };
  return { ok: true, result: { kind: "role", role: "implementer", output }, blobs: [blob] };
}
