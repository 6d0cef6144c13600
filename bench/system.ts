import type { Job } from "./job.ts";

/** Where a system may put its data; each case gets a place of its own. */
export type Place = {
  readonly directory: string;
  /** An empty PostgreSQL database for the systems that want one. */
  readonly databaseUrl: string | null;
  /** Workflows that the case will have in flight. */
  readonly concurrency: number;
};

/** Something that runs workflows of the job durably. */
export type System = {
  /** Every step of one workflow, those around the job included. */
  readonly stepsPerWorkflow: number;
  /** Resolves when its submitter knows that the workflow is over. */
  readonly run: (workflow: string) => Promise<void>;
  /** Takes up what the store holds of these; `over` resolves when all of them are. */
  readonly resume: (workflows: readonly string[]) => Promise<{ readonly over: Promise<unknown> }>;
  readonly close: () => Promise<void>;
};

export type OpenSystem = (place: Place, job: Job) => Promise<System>;
