import { expect, test } from "vitest";

import type { WorkflowEvent } from "../core/workflow/events.ts";
import { openTestEngine } from "./testing/test-engine.testsuite.ts";
import { WorkflowSession } from "./workflow-session.ts";

test("news that come while others are read are read too", async () => {
  const engine = await openTestEngine();
  const held = engine.model.hold("director");
  const id = await engine.create();
  await held.arrived;
  const reads: PromiseWithResolvers<readonly WorkflowEvent[]>[] = [];
  let asked = Promise.withResolvers<void>();
  const session = new WorkflowSession(
    {
      storage: engine.tenant,
      owner: "another",
      leaseMs: 1,
      taskSlots: () => null,
      messages: { messagesOf: () => [], written: () => undefined },
      wakeAfter: () => null,
      now: () => engine.clock.now(),
      keepsTrying: () => true,
      committed: () => undefined,
      settled: () => undefined,
      eventsAfter: () => {
        const read = Promise.withResolvers<readonly WorkflowEvent[]>();
        reads.push(read);
        asked.resolve();
        return read.promise;
      },
    },
    await engine.state(id),
  );
  session.refresh();
  await asked.promise;
  asked = Promise.withResolvers();
  session.refresh(); // what the first question does not see any more
  reads[0]?.resolve([]);
  await asked.promise;
  reads[1]?.resolve([]);
  await session.quiet();
  expect(reads).toHaveLength(2);
  held.release();
  await engine.close();
});
