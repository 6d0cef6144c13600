import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";

import { DOMAIN_ERROR_CODES } from "../domain-error.ts";
import type { RoleName } from "../role-name.ts";
import { parseEvent, type WorkflowEvent } from "./events.ts";
import { created, evolve, fold } from "./evolve.ts";
import { next } from "./next.ts";
import { buildPacket, neededContents } from "./packet.ts";
import { comparable, restoreState } from "./restore-state.ts";
import { isTerminal, openFindings, type StepSpec, type WorkflowState } from "./state.ts";
import { anyAimedOrder } from "./testing/any-order.testsuite.ts";
import { bringHome } from "./testing/bring-home.testsuite.ts";
import { FOREIGN_MARK, OWNER_OF_FIELD } from "./testing/random-output.testsuite.ts";
import {
  completionOf,
  type Draft,
  draft,
  history,
  play,
  running,
  type Watcher,
} from "./testing/random-workflow.testsuite.ts";
import { judgement } from "./testing/role-outputs.testsuite.ts";
import { planned } from "./testing/specification.testsuite.ts";
import { type Change, creation, WorkflowDriver } from "./testing/workflow-driver.testsuite.ts";

const RUNS = 300;
vi.setConfig({ testTimeout: 60_000 });

/** Plays random workflows under the eyes of a watcher of their own each; fast-check prints the seed of a failure. */
function always(watch: () => Watcher & { readonly atEnd?: (driver: WorkflowDriver) => void }): void {
  fc.assert(
    fc.property(history, (past) => {
      const watcher = watch();
      const driver = play(past, watcher);
      watcher.atEnd?.(driver);
    }),
    { numRuns: RUNS },
  );
}

function startsIn(events: readonly WorkflowEvent[]) {
  return events.filter((event) => event.type === "step.started");
}

describe("liveness", () => {
  test("a workflow always has something runnable, running or awaited, until it is closed", () => {
    always(() => ({ changed: ({ after }) => expect(lack(after)).toBeNull() }));
  });

  /** What a workflow lacks that it can't go on without, or null. */
  function lack(state: WorkflowState): string | null {
    const { status, waiting, closed } = state.head;
    const moves = next(state).length + running(state).length;
    if (status === "paused" || status === "awaiting_approval") {
      if (next(state).length > 0) return "patience";
      return waiting?.reason ? null : "a reason to wait";
    }
    if (waiting !== null) return "an end of waiting";
    if (closed && !isTerminal(status)) return "an ending";
    if (closed) return moves === 0 ? null : "rest";
    return moves > 0 ? null : "something to do";
  }

  test("left to itself with any answers whatever, a workflow ends or waits with a reason", () => {
    fc.assert(
      fc.property(history, fc.array(draft, { minLength: 1, maxLength: 12 }), (past, drafts) => {
        const driver = play(past);
        let moves = 0;
        while (driver.state.head.waiting === null && !driver.state.head.closed) {
          expect((moves += 1)).toBeLessThan(500);
          goOnAnyhow(driver, drafts[moves % drafts.length] as Draft);
        }
        expect(lack(driver.state)).toBeNull();
      }),
      { numRuns: RUNS },
    );
  });

  /** The first thing that can be done: an answer to what runs, whatever it is worth, or a start. */
  function goOnAnyhow(driver: WorkflowDriver, answer: Draft): void {
    const [step] = running(driver.state);
    if (!step) return void driver.start(next(driver.state)[0]?.id ?? "");
    const given = driver.give(completionOf(driver.state, step, answer));
    if ("code" in given) driver.fail(step.id, "conflicting_output");
  }

  test("whatever has happened, a workflow that nobody cancelled or rejected can still be completed and closed", () => {
    always(() => ({
      atEnd: (driver) => {
        const { status, error } = driver.state.head;
        if (status === "cancelled" || error?.code === "rejected") return;
        bringHome(driver);
        expect(driver.state.head).toMatchObject({ status: "completed", closed: true });
      },
    }));
  });
});

describe("role contracts", () => {
  const WRITER_OF_DOCUMENT: Readonly<Record<string, RoleName>> = {
    brief: "director",
    constitution: "project_manager",
    requirements: "project_manager",
    plan: "project_manager",
    design: "architect",
    finalization: "finalizer",
    assessment: "refiner",
  };

  /** The roles whose property differs between two states, seen from the states alone. */
  function writersOf({ before, after }: Change): RoleName[] {
    const writers = new Set<RoleName>();
    for (const [kind] of after.documents.changedSince(before.documents)) {
      writers.add(WRITER_OF_DOCUMENT[kind] ?? "director");
    }
    if (after.tasks.size !== before.tasks.size) writers.add("architect");
    for (const [id, task] of after.tasks.changedSince(before.tasks)) {
      const earlier = before.tasks.get(id);
      if (earlier && wording(earlier) !== wording(task)) writers.add("architect");
      if (earlier && earlier.summary !== task.summary) writers.add("implementer");
    }
    if (after.artifacts !== before.artifacts && after.imported === before.imported)
      writers.add("implementer");
    if (after.latest_artifacts !== before.latest_artifacts && after.imported === before.imported)
      writers.add("implementer");
    if (after.findings !== before.findings || after.criteria !== before.criteria) writers.add("qa");
    if (after.suggestions !== before.suggestions) writers.add("refiner");
    for (const [role] of after.summaries.changedSince(before.summaries)) writers.add(role as RoleName);
    return [...writers];
  }

  function isOfPerson({ type }: Change["command"]): boolean {
    return type === "approval.respond" || type === "waive";
  }

  function wording(task: { title: string; description: string; depends_on: readonly string[] }): string {
    return JSON.stringify([task.title, task.description, task.depends_on]);
  }

  test("no role writes what belongs to another, whatever its output carries", () => {
    always(() => {
      const roleOf = new Map<string, RoleName | null>();
      return {
        changed: (change) => {
          for (const event of startsIn(change.events)) roleOf.set(event.step_id ?? "", event.role);
          const { command } = change;
          if (isOfPerson(command)) return;
          const completes = command.type === "step.complete" ? roleOf.get(command.step_id) : undefined;
          expect(writersOf(change).filter((writer) => writer !== completes)).toEqual([]);
        },
        atEnd: (driver) => expect(JSON.stringify(comparable(driver.state))).not.toContain(FOREIGN_MARK),
      };
    });
  });

  test("foreign fields are dropped and journaled by name", () => {
    always(() => ({
      changed: ({ command, events }) => {
        if (command.type !== "step.complete" || command.result.kind !== "role") return;
        const { role, output } = command.result;
        const foreign = Object.keys(output).filter((field) => (OWNER_OF_FIELD[field] ?? role) !== role);
        const violations = events.filter((event) => event.type === "contract.violated");
        expect(violations.flatMap((event) => event.payload.fields).toSorted()).toEqual(foreign.toSorted());
      },
    }));
  });
});

function withdrawnBy({ type, payload }: WorkflowEvent): readonly string[] {
  if (type === "plan.withdrawn") return payload.tasks;
  return type === "plan.edited" ? payload.withdrawn : [];
}

describe("order", () => {
  test("QA never starts before its tasks are completed, nor a task before those it depends on", () => {
    always(() => {
      const dependencies = new Map<string, readonly string[]>();
      const unfinished = new Set<string>();
      return {
        changed: ({ events }) => {
          for (const event of events) {
            if (event.type === "task.created") {
              dependencies.set(event.payload.key, event.payload.depends_on);
              unfinished.add(event.payload.key);
            }
            if (event.type === "task.completed") unfinished.delete(event.task_id ?? "");
            for (const id of withdrawnBy(event)) {
              unfinished.delete(id);
              dependencies.delete(id);
            }
          }
          for (const { role, task_id } of startsIn(events)) {
            const before = role === "qa" ? [...dependencies.keys()] : (dependencies.get(task_id ?? "") ?? []);
            expect(before.filter((id) => unfinished.has(id))).toEqual([]);
          }
        },
      };
    });
  });

  test("a step that is completed never starts again", () => {
    always(() => {
      const completed = new Set<string>();
      return {
        changed: ({ events, after }) => {
          const started = [...startsIn(events), ...next(after).map((step) => ({ step_id: step.id }))];
          for (const event of events) if (event.type === "step.completed") completed.add(event.step_id ?? "");
          expect(started.filter(({ step_id }) => completed.has(step_id ?? ""))).toEqual([]);
        },
      };
    });
  });

  test("the Refiner never starts while anything else runs but another delivery of work that is done", () => {
    always(() => ({
      changed: ({ before, events }) => {
        const started = startsIn(events).filter((event) => event.role === "refiner");
        const beside = running(before).filter(({ kind }) => kind !== "delivery");
        expect(started.length > 0 ? beside : []).toEqual([]);
      },
    }));
  });

  test("a step that was given up never starts again while the workflow is over", () => {
    always(() => ({
      changed: ({ after, events }) => {
        const givenUp = events.flatMap((event) => (event.type === "step.cancelled" ? [event.step_id] : []));
        const again = next(after).filter(({ id, kind }) => kind === "delivery" && givenUp.includes(id));
        expect(isTerminal(after.head.status) ? again : []).toEqual([]);
      },
    }));
  });

  test("at most one delivery is under way, and completed work has none that is lost", () => {
    always(() => ({
      changed: ({ after }) => {
        const open = [...after.deliveries.values()].filter(({ status }) => /pending|delivering/.test(status));
        expect(open.length).toBeLessThanOrEqual(1);
        const { closed, status } = after.head;
        expect(closed ? open : []).toEqual([]);
        expect(status === "completed" && after.deliveries.size === 0).toBe(false);
      },
    }));
  });

  test("cancelled means nothing runs any more", () => {
    always(() => ({
      changed: ({ after }) => {
        const left = after.head.status === "cancelled" ? [...next(after), ...after.head.open_steps] : [];
        expect(left).toEqual([]);
      },
    }));
  });

  test("the last word of a closed workflow, and of no other, is that it is closed", () => {
    always(() => ({
      changed: ({ after, events }) => {
        expect(events.at(-1)?.type === "workflow.closed").toBe(after.head.closed && events.length > 0);
        expect(events.slice(0, -1).map((event) => event.type)).not.toContain("workflow.closed");
      },
    }));
  });
});

describe("counters", () => {
  test("cycles, attempts and endings only count up, whatever is resumed", () => {
    always(() => {
      const attempts = new Map<string, number>();
      return {
        changed: ({ before, after, events }) => {
          const risen = after.head.cycle - before.head.cycle;
          expect([0, 1]).toContain(risen);
          expect(risen === 1 && after.head.cycle > after.head.max_qa_retries).toBe(false);
          expect(after.head.closings).toBeGreaterThanOrEqual(before.head.closings);
          expect(after.head.steps_completed).toBeGreaterThanOrEqual(before.head.steps_completed);
          for (const event of startsIn(events)) {
            expect(event.payload.attempt).toBe((attempts.get(event.step_id ?? "") ?? 0) + 1);
            attempts.set(event.step_id ?? "", event.payload.attempt);
          }
        },
      };
    });
  });

  test("the unfinished tasks that are counted are those that are there", () => {
    always(() => ({
      changed: ({ after }) => {
        const unfinished = [...after.tasks.values()].filter(
          ({ status }) => status !== "completed" && status !== "withdrawn",
        );
        expect(after.head.unfinished_tasks).toBe(unfinished.length);
      },
    }));
  });

  test("seq counts from 1 without a gap", () => {
    always(() => ({
      atEnd: (driver) => {
        expect(driver.events.map((event) => event.seq)).toEqual(driver.events.map((_, index) => index + 1));
        expect(driver.state.head.version).toBe(driver.events.length);
      },
    }));
  });
});

describe("the journal, the state and the rows say the same", () => {
  test("folding the journal and restoring the rows give the running state, through JSON too", () => {
    always(() => ({
      atEnd: ({ state, events, stored }) => {
        const expected = comparable(state);
        expect(comparable(fold(events))).toEqual(expected);
        expect(comparable(stored.restored())).toEqual(expected);
        const lines = events.map((event) => JSON.stringify(event));
        expect(comparable(fold(lines.map((line) => parseEvent(JSON.parse(line)))))).toEqual(expected);
        const rows = JSON.parse(JSON.stringify({ head: stored.head, parts: stored.parts.toReversed() }));
        expect(comparable(restoreState(rows.head, rows.parts))).toEqual(expected);
      },
    }));
  });

  test("a restored state hands out the same steps and packets, at the end and after every resume", () => {
    function expectSame({ state, stored }: WorkflowDriver): void {
      const restored = restoreState(stored.head, stored.parts.toReversed());
      const ids = (of: WorkflowState) =>
        next(of)
          .map((step) => step.id)
          .toSorted();
      expect(ids(restored)).toEqual(ids(state));
      for (const step of [...running(state), ...next(state)]) {
        expect(JSON.stringify(packetOf(restored, step))).toBe(JSON.stringify(packetOf(state, step)));
      }
    }
    always(() => ({
      changed: ({ command }, driver) => command.type === "workflow.resume" && expectSame(driver),
      atEnd: expectSame,
    }));
  });

  test("what a running task reads stays the same, whatever happens beside it", () => {
    always(() => ({
      changed: ({ command, before, after }) => {
        // A finding that a person does without is no more among those that a repair is about.
        if (command.type === "waive") return;
        const tasks = running(before).filter((step) => step.kind === "task" && running(after).includes(step));
        const read = (state: WorkflowState) => tasks.map((step) => neededContents(state, step));
        expect(read(after)).toEqual(read(before));
      },
    }));
  });

  function packetOf(state: WorkflowState, step: StepSpec): unknown {
    const surroundings = {
      models: [],
      default_model: "acme/large",
      contents: new Map(),
    };
    return buildPacket(state, { ...step, role: step.role ?? "qa" }, surroundings);
  }

  test("the rows of steps tell the truth at every moment", () => {
    always(() => ({
      changed: ({ after }, { stored }) => {
        const rows = [...stored.steps.values()];
        const active = rows
          .filter((row) => row.status === "running")
          .map((row) => `${row.id} ${row.attempt}`);
        expect(active.toSorted()).toEqual(
          running(after)
            .map((step) => `${step.id} ${step.attempt}`)
            .toSorted(),
        );
        for (const step of next(after)) {
          const row = stored.steps.get(step.id);
          expect(row).toMatchObject({ status: "queued", available_at: step.available_at });
        }
        const queued = rows.filter((row) => row.status === "queued");
        const isOver = after.head.closed && after.head.status !== "failed";
        expect(isOver ? queued : []).toEqual([]);
      },
    }));
  });

  test("evolve takes any event in any state, even what comes before its cause", () => {
    fc.assert(
      fc.property(history, history, (one, other) => {
        const { state } = play(one);
        const [first, ...rest] = play(other).events;
        let prefix = created(first as WorkflowEvent);
        for (const event of rest) {
          prefix = evolve(prefix, event);
          expect(prefix.head.version).toBe(event.seq);
        }
        const backwards = rest.toReversed().reduce(evolve, state);
        expect(backwards.head.version).toBe(rest[0]?.seq ?? state.head.version);
      }),
      { numRuns: RUNS },
    );
  });
});

describe("decide", () => {
  test("answers every order, never throws, and never gives an event that can't be read again", () => {
    fc.assert(
      fc.property(history, fc.array(anyAimedOrder, { maxLength: 16 }), (past, orders) => {
        const driver = play(past);
        for (const orderIn of orders) {
          const answer = driver.give(orderIn(driver.state));
          const refusals = "code" in answer ? [answer] : [];
          expect(refusals.filter(({ code }) => !DOMAIN_ERROR_CODES.includes(code))).toEqual([]);
          const events = "code" in answer ? [] : answer.events;
          expect(events.map((event) => parseEvent(structuredClone(event)))).toEqual(events);
        }
      }),
      { numRuns: RUNS },
    );
  });

  test("an attempt that does not own its step changes nothing", () => {
    always(() => ({
      answered: (order, answer, driver) => {
        if (!("attempt" in order) || "code" in answer) return;
        const owner = running(answer.before).find((step) => step.id === order.step_id);
        expect(owner?.attempt).toBe(order.attempt);
        expect(driver.state).toBe(answer.after);
      },
    }));
  });
});

test.each([0, 1, 2, 3, 4, 5])(
  "QA that always blocks fails the workflow after exactly %i repairs",
  (max_qa_retries) => {
    const settings = { ...creation().settings, stall_patience: 20 };
    const driver = new WorkflowDriver(creation({ max_qa_retries, settings }));
    planned({ a: [], b: ["a"] })(driver);
    bringHome(driver, { qa: () => judgement({ AC1: "unmet" }), until: "failed" });
    const types = driver.events.map((event) => event.type);
    expect(types.filter((type) => type === "repair.started")).toHaveLength(max_qa_retries);
    expect(driver.state.head).toMatchObject({
      status: "failed",
      cycle: max_qa_retries,
      error: { code: max_qa_retries === 0 ? "repair_exhausted" : "stalled" },
    });
    expect(openFindings(driver.state)).toHaveLength(1);
  },
);

test("the random workflows go everywhere", () => {
  const seen = new Map<string, number>();
  const count = (what: string): void => void seen.set(what, (seen.get(what) ?? 0) + 1);
  for (const past of fc.sample(history, { numRuns: 2 * RUNS, seed: 20_260_102 })) {
    const driver = play(past, {
      answered: (_order, answer) => {
        if (!("code" in answer)) return;
        count(`refused ${answer.code}`);
        if (/another task wrote/.test(answer.message)) count("overtaken");
      },
      changed: ({ before, after }) => {
        if (before.head.closed && !after.head.closed) count("reopened");
        if (after.head.status === "awaiting_approval") count("awaiting_approval");
        if (before.head.approval !== null && after.head.status === "paused") count("paused at a gate");
        if (before.head.closed && before.head.status === "completed" && !after.head.closed)
          count("delivered again");
        if (running(after).length > 1) count("parallel tasks");
        if (running(before).length > 1 && after.head.status === "failed")
          count("failed with siblings running");
        if (running(before).some((step) => step.role === "refiner") && after.head.status === "running") {
          count("resumed under a Refiner");
        }
      },
    });
    const { status, error, verdict } = driver.state.head;
    count(status);
    if (status === "completed") count(verdict ?? "");
    if (error) count(error.code);
    for (const { type, payload } of driver.events)
      if (type === "state.transition" && payload.to === "paused") count(payload.reason ?? "");
    if (driver.state.head.closed) count("closed");
    for (const type of new Set(driver.events.map((event) => event.type))) count(type);
  }
  const rare = [
    "refused approval_closed",
    "refused approval_expired",
    "refused approval_needed",
    "refused invalid_edit",
    "stalled",
    "rejected",
    "sandbox_unavailable",
    "toolchain_unavailable",
    "overtaken",
    "waived",
    "verified",
    "unverified",
    "awaiting_approval",
    "paused at a gate",
    "approval.requested",
    "approval.responded",
    "plan.edited",
    "plan.withdrawn",
    "criterion.waived",
    "finding.waived",
    "claim.unsupported",
    "receipt.recorded",
    "artifact.deleted",
    "tree.imported",
    "cycle.judged",
    "refused invalid_output",
    "refused stale_attempt",
    "refused repair_exhausted",
    "reopened",
    "closed",
    "parallel tasks",
    "failed with siblings running",
    "resumed under a Refiner",
    "completed",
    "failed",
    "cancelled",
    "paused",
    "running",
    "repair.started",
    "finding.resolved",
    "finding.updated",
    "contract.violated",
    "delivery.failed",
    "task.failed",
    "refiner.suggestion",
    "delivery.completed",
    "delivery.requested",
    "delivery.skipped",
    "delivered again",
    "refused not_deliverable",
    "refused delivery_running",
    "settings.changed",
    "step.cancelled",
  ];
  const counts = Object.fromEntries(rare.map((what) => [what, seen.get(what) ?? 0]));
  expect(Object.entries(counts).filter(([, times]) => times === 0)).toEqual([]);
});
