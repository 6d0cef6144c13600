import { setImmediate } from "node:timers/promises";

import type { App } from "../../src/app.ts";
import type { Job } from "../job.ts";
import type { OpenSystem, System } from "../system.ts";
import { createNullExecutors } from "./null-executors.ts";
import { stepsOf } from "./null-outputs.ts";
import { createNullProvider } from "./null-provider.ts";
import { openEngineApp, PRINCIPAL, REQUEST } from "./open-engine-app.ts";

/** The whole engine over nothing: either the steps themselves return at once, or the model behind the real roles does. */
export function openEngine(nothing: "null steps" | "null model"): OpenSystem {
  return async (place, job) => {
    const provider = createNullProvider(job);
    const executors = nothing === "null steps" ? { executors: createNullExecutors(job) } : {};
    return engineSystem(await openEngineApp(place, { providers: [provider], ...executors }), job);
  };
}

/** An application as the scenarios drive it. */
export function engineSystem(app: App, job: Job): System {
  let started: Promise<void> | undefined;
  return {
    stepsPerWorkflow: stepsOf(job.shape),
    run: async (workflow) => {
      await (started ??= app.engine.start());
      const closed = heardClosing(app, job, workflow);
      await app.engine.create(PRINCIPAL, REQUEST, workflow);
      await closed;
      // A client's next request never comes in the same turn of the loop as the news before it.
      await setImmediate();
    },
    resume: async (workflows) => {
      const over = Promise.all(workflows.map((workflow) => heardClosing(app, job, workflow)));
      await (started ??= app.engine.start());
      return { over };
    },
    close: () => app.close(0),
  };
}

/** Resolves when the last event of the workflow is heard, as a client of its stream hears it. */
export function heardClosing(app: App, job: Job, workflow: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = app.engine.subscribe(PRINCIPAL, workflow, (published) => {
      for (const { event } of published) {
        if (event.type === "state.transition" && event.payload.to === "completed") job.completed(workflow);
        if (event.type === "state.transition" && event.payload.to === "failed") {
          reject(new Error(`workflow ${workflow} failed: ${event.payload.message}`));
        }
        if (event.type !== "workflow.closed") continue;
        stop();
        resolve();
      }
    });
  });
}
