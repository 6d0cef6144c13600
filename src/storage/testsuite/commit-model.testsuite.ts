import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { Commit, CommitResult, StepRow } from "../../core/workflow/commit.ts";
import type { WorkflowEvent } from "../../core/workflow/events.ts";
import { aCommit, aStep, someEvents } from "./a-commit.ts";
import { freshTenant, type StoreUnderTest } from "./store-under-test.testsuite.ts";

/** What storage promises, in memory and one commit at a time. */
class ModelStore {
  readonly workflows = new Map<
    string,
    { version: number; steps: Map<string, StepRow>; events: WorkflowEvent[] }
  >();

  commit(commit: Commit): CommitResult {
    const found = this.workflows.get(commit.workflow_id);
    if (commit.expected_version === 0 && found) return { ok: false, code: "already_exists" };
    if (commit.expected_version !== (found?.version ?? 0)) return { ok: false, code: "version_conflict" };
    const steps = new Map(found?.steps);
    for (const { step_id, attempt } of commit.fences) {
      const step = steps.get(step_id);
      if (step?.attempt !== attempt || step.status !== "running") return { ok: false, code: "lease_lost" };
    }
    for (const step of commit.steps) steps.set(step.id, step);
    const events = [...(found?.events ?? []), ...commit.events];
    this.workflows.set(commit.workflow_id, { version: commit.head.version, steps, events });
    return { ok: true };
  }
}

const anAttempt = fc.integer({ min: 1, max: 2 });
const aStepName = fc.constantFrom("s1", "s2");
/** One commit to come; its version and its events are right for the model, or off by what `off` says. */
const aMove = fc.record({
  workflow: fc.constantFrom("w1", "w2", "w3"),
  off: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constantFrom(-1, 1) }),
  events: fc.integer({ min: 0, max: 3 }),
  fences: fc.array(fc.record({ step_id: aStepName, attempt: anAttempt }), { maxLength: 2 }),
  steps: fc.array(
    fc.record({
      id: aStepName,
      attempt: anAttempt,
      status: fc.constantFrom("running", "completed", "queued"),
    }),
    { maxLength: 2 },
  ),
});
/** Commits of one group are sent at once, without waiting for one another. */
const someGroups = fc.array(fc.array(aMove, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 5 });

export function commitModelSuite(store: StoreUnderTest): void {
  describe("commits in any interleaving", () => {
    test("end as they would one by one in memory", async () => {
      await fc.assert(
        fc.asyncProperty(someGroups, async (groups) => {
          const tenant_id = freshTenant();
          const tenant = store.storage().forTenant(tenant_id);
          const model = new ModelStore();
          for (const group of groups) {
            const expected: CommitResult[] = [];
            const commits = group.map((move) => {
              const known = model.workflows.get(move.workflow);
              const commit = aCommit({
                tenant_id,
                workflow_id: move.workflow,
                expected_version: Math.max(0, (known?.version ?? 0) + move.off),
                events: someEvents((known?.events.length ?? 0) + 1, move.events),
                fences: move.fences,
                steps: move.steps.map((step) => aStep(step)),
              });
              expected.push(model.commit(commit));
              return commit;
            });
            expect(await Promise.all(commits.map((commit) => tenant.commit(commit)))).toEqual(expected);
          }
          for (const [id, { version, steps, events }] of model.workflows) {
            expect((await tenant.loadHead(id))?.version).toBe(version);
            const stored = await tenant.listSteps(id);
            expect(new Map(stored.map((step) => [step.id, step]))).toEqual(steps);
            expect(await tenant.readEvents(id, { after: 0, limit: 1000 })).toEqual(events);
          }
        }),
        { numRuns: 60, verbose: fc.VerbosityLevel.Verbose },
      );
    });
  });
}
