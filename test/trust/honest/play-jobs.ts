import { documentOf, openFindings } from "../../../src/core/workflow/state.ts";
import type { Run, TrustBench } from "../trust-bench.ts";
import { type Job, scriptOf } from "./job.ts";

/** How a job ended. */
export type Ending = {
  readonly workflow: string;
  readonly completed: boolean;
  readonly verdict: string | null;
  /** The status, or why it did not complete. */
  readonly reason: string;
  /** What stood in the way, for people. */
  readonly open: readonly string[];
  /** Sentences that were kept out because nobody saw what they say. */
  readonly unsupported: readonly string[];
  /** Everything that is handed over in a role's words. */
  readonly handedOver: string;
};

/** Jobs at the same time; each mostly waits for processes. */
const AT_ONCE = 4;

/** Plays every job to its end, in any order. */
export async function playJobs<T>(
  bench: TrustBench,
  entries: readonly T[],
  { jobOf, ended }: { readonly jobOf: (entry: T) => Job; readonly ended: (entry: T, ending: Ending) => void },
): Promise<void> {
  const left = entries.values();
  const play = async (): Promise<void> => {
    for (const entry of left) ended(entry, await playJob(bench, jobOf(entry)));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, play));
}

async function playJob(bench: TrustBench, job: Job): Promise<Ending> {
  const { title, input } = job;
  return endingOf(await bench.run(scriptOf(job), { request: `${title}.`, ...input }));
}

function endingOf({ id, state, events }: Run): Ending {
  const { status, waiting } = state.head;
  const stopped = events.findLast(
    (event) => event.type === "state.transition" && event.payload.to === status,
  );
  const told = stopped?.type === "state.transition" ? stopped.payload : null;
  const delivered = events.filter(({ type }) => type === "delivery.completed");
  return {
    workflow: id,
    completed: status === "completed",
    verdict: state.head.verdict,
    reason: waiting?.reason ?? told?.reason ?? status,
    open: [
      ...openFindings(state).map(
        ({ severity, component, evidence }) => `${severity} ${component}: ${evidence}`,
      ),
      ...(told?.message ? [told.message] : []),
    ],
    unsupported: events.flatMap((event) =>
      event.type === "claim.unsupported" ? [event.payload.sentence] : [],
    ),
    handedOver: JSON.stringify([documentOf(state, "finalization"), delivered]),
  };
}
