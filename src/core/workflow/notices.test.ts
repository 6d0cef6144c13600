import { describe, expect, test } from "vitest";

import { type Notice, noticesOf } from "./notices.ts";
import { design, tasks } from "./testing/role-outputs.testsuite.ts";
import {
  built,
  cancelled,
  contracted,
  delivered,
  directed,
  done,
  failed,
  givenCreatedAs,
  judged,
  type Move,
  paused,
  refined,
} from "./testing/specification.testsuite.ts";
import { creation } from "./testing/workflow-driver.testsuite.ts";

/** What is told when the last move is made, of a workflow with the given gates. */
function toldOf(gates: readonly ("plan" | "delivery")[], before: readonly Move[], last: Move): Notice[] {
  const settings = { ...creation().settings, gates: [...gates] };
  const { driver } = givenCreatedAs({ settings, scope_id: "s1" }, ...before);
  const from = driver.events.length;
  last(driver);
  return noticesOf(driver.events.slice(from), driver.state);
}

const notes = { delivery_notes: "Run node greet.js.", summary: "A program that greets." };
const finalized = done("finalizer", "finalizer", notes);
const workflow = {
  workflow_id: "w1",
  tenant_id: "t1",
  scope_id: "s1",
  title: "A greeting program",
  url: "/api/v1/workflows/w1",
};
const action = expect.stringMatching(/^[a-z-]+$/) as unknown;
const nothing = { reason: null, approval: null, delivery: null };

describe("a notice", () => {
  test("of a delivery and of the end, each under the number of its event", () => {
    const told = toldOf([], [built, judged(0), finalized], delivered);
    expect(told).toMatchObject([
      {
        type: "delivery.completed",
        data: { ...workflow, delivery: { action, links: expect.any(Array) as unknown } },
      },
      { type: "workflow.completed", data: { ...workflow, ...nothing, status: "completed" } },
    ]);
    expect(told[1]!.seq).toBeGreaterThan(told[0]!.seq);
  });

  test("of a question names the approval as it is answered, and so does the one of the waiting", () => {
    const before = [directed, contracted];
    const approval = { id: "w1:ap1", gate: "plan" };
    const told = toldOf(["plan"], before, done("architect:0", "architect", design(tasks({ a: [] }))));
    expect(told).toMatchObject([
      { type: "approval.requested", data: { ...workflow, approval } },
      { type: "workflow.awaiting_approval", data: { status: "awaiting_approval", reason: "plan", approval } },
    ]);
  });

  test.each([
    ["pause", paused, { type: "workflow.paused", data: { ...nothing, status: "paused", reason: "asked" } }],
    [
      "cancel",
      cancelled,
      { type: "workflow.cancelled", data: { ...nothing, status: "cancelled", reason: "asked" } },
    ],
    [
      "failure",
      failed("director", "refusal"),
      { type: "workflow.failed", data: { ...nothing, status: "failed", reason: "refusal" } },
    ],
  ])("of a %s", (_what, move, notice) => {
    const told = toldOf([], [], move);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ ...notice, occurred_at: expect.any(String) as unknown });
  });

  test("of a delivery that failed says why and that the workflow waits", () => {
    const told = toldOf([], [built, judged(0), finalized], failed("delivery", "delivery_failed"));
    const delivery = { action, links: [] };
    expect(told).toMatchObject([
      { type: "delivery.failed", data: { reason: "delivery_failed", delivery, approval: null } },
      { type: "workflow.paused", data: { reason: "delivery_failed", delivery: null } },
    ]);
  });

  test("holds names and states only, and there is none of what happens inside", () => {
    const all = toldOf([], [], (driver) => {
      for (const move of [built, judged(0), finalized, delivered, refined(1)]) move(driver);
    });
    expect(all.map(({ type }) => type)).toEqual(["delivery.completed", "workflow.completed"]);
    for (const { data } of all) {
      expect(Object.keys(data).toSorted()).toEqual(
        [...Object.keys(workflow), ...Object.keys(nothing), "status"].toSorted(),
      );
      expect(JSON.stringify(data)).not.toMatch(/greet\.js|Write a program/);
    }
  });
});
