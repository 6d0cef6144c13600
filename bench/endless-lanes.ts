import type { CaseRequest } from "./case.ts";
import type { Job } from "./job.ts";
import type { System } from "./system.ts";

/** Workflows without end, so many at a time. */
export class EndlessLanes {
  readonly #running: Promise<void[]>;
  #stopped = false;

  constructor(
    { prefix, concurrency }: Pick<CaseRequest, "prefix" | "concurrency">,
    system: System,
    job: Job,
  ) {
    const lane = async (_: unknown, number: number): Promise<void> => {
      for (let index = 0; !this.#stopped; index += 1) {
        const workflow = `${prefix}${number}-${index}`;
        await system.run(workflow);
        job.take(workflow);
      }
    };
    this.#running = Promise.all(Array.from({ length: concurrency }, lane));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }
}
