import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { type ApprovalVerb, newestDelivery } from "../core/workflow/state.ts";
import type { RespondInput, ShownApproval } from "./engine.ts";
import { design, finding, judgement, plausibleAnswers } from "./testing/plausible-answers.testsuite.ts";
import { saying } from "./testing/scripted-model.testsuite.ts";
import { openTestEngine, PERSON, STORES, type TestEngine } from "./testing/test-engine.testsuite.ts";

let engine: TestEngine;
afterEach(() => engine.close());

/** What is asked, once it is asked. */
async function asked(id: string, after = 0): Promise<ShownApproval> {
  await engine.parked(id, after);
  const shown = engine.engine.approvalOf(await engine.state(id));
  if (shown === null) throw new Error("nothing is asked");
  return shown;
}

function answer(shown: ShownApproval, verb: ApprovalVerb, over: Partial<RespondInput> = {}): RespondInput {
  return { shown: shown.shown, verb, note: null, criteria: null, tasks: null, ...over };
}

async function respond(
  id: string,
  shown: ShownApproval,
  verb: ApprovalVerb,
  over: Partial<RespondInput> = {},
): Promise<number> {
  const state = await engine.engine.respond(PERSON, id, shown.approval.id, answer(shown, verb, over));
  return state.head.version;
}

describe.each(STORES)("gates on %s", (store) => {
  beforeEach(async () => {
    engine = await openTestEngine({ store, workflow: { gates: ["plan", "delivery"] } });
    engine.model.answers = plausibleAnswers({ graph: { a: [] } });
  });

  test("nothing is written before the plan is approved, nothing handed over before the result is", async () => {
    const id = await engine.create();
    const plan = await asked(id);
    expect(plan).toMatchObject({ approval: { id: "ap1", gate: "plan" }, subject: { tasks: [{ key: "a" }] } });
    expect(engine.model.requestsPerStep(id)["task:a"]).toBeUndefined();
    const version = await respond(id, plan, "approve", { note: "Keep it short." });
    const delivery = await asked(id, version);
    expect(delivery).toMatchObject({
      approval: { id: "ap2", gate: "delivery" },
      subject: { action: "api-response", verdict: "verified", files: [{ path: "a.txt" }] },
    });
    expect(newestDelivery(await engine.state(id))).toBeNull();
    await engine.closed(id, await respond(id, delivery, "approve"));
    const state = await engine.state(id);
    expect(state.head.status).toBe("completed");
    expect(
      JSON.stringify(engine.model.of(id).find(({ step_id }) => step_id === "task:a")?.request.messages),
    ).toContain("Keep it short.");
    const { folded, stored } = await engine.journal(id);
    expect(stored).toEqual(folded);
  });

  test("an answer to something else than what is shown is refused", async () => {
    const id = await engine.create();
    const plan = await asked(id);
    const other = { ...plan, shown: "0".repeat(64) };
    await expect(respond(id, other, "approve")).rejects.toMatchObject({ code: "approval_stale" });
    await expect(engine.engine.respond(PERSON, id, "ap9", answer(plan, "approve"))).rejects.toMatchObject({
      code: "approval_not_found",
    });
    await respond(id, plan, "approve");
    await expect(respond(id, plan, "approve")).rejects.toMatchObject({ code: "approval_closed" });
  });

  test("changes that are asked for bring a new plan, which is shown again", async () => {
    const id = await engine.create();
    const plan = await asked(id);
    engine.model.next("architect:0.1", saying(design({ a: [], b: [] })));
    const version = await respond(id, plan, "request_changes", { note: "Two files, please." });
    const again = await asked(id, version);
    expect(again.subject).toMatchObject({ tasks: [{ key: "a" }, { key: "b" }] });
    expect(again.shown).not.toBe(plan.shown);
    expect(again.changes).toEqual(["+ a: Write a", "+ b: Write b"]);
    const [told] = engine.model.of(id).filter(({ step_id }) => step_id === "architect:0.1");
    expect(JSON.stringify(told?.request.messages)).toContain("Two files, please.");
    await asked(id, await respond(id, again, "approve"));
    expect([...(await engine.state(id)).latest_artifacts.values()].map(({ path }) => path)).toEqual([
      "a.txt",
      "b.txt",
    ]);
    const { folded, stored } = await engine.journal(id);
    expect(stored).toEqual(folded);
  });

  test("an edited plan is checked, and is what is carried out", async () => {
    const id = await engine.create();
    const plan = await asked(id);
    const [task] = design({ b: [] }).tasks;
    if (!task) throw new Error("there is no task");
    const wrong = respond(id, plan, "edit", { tasks: [{ ...task, depends_on: ["nothing"] }] });
    await expect(wrong).rejects.toMatchObject({ code: "invalid_edit" });
    engine.model.answers = plausibleAnswers({ graph: { b: [] } });
    await asked(id, await respond(id, plan, "edit", { tasks: [task] }));
    const state = await engine.state(id);
    expect([...state.latest_artifacts.values()].map(({ path }) => path)).toEqual(["b.txt"]);
    expect(state.tasks.get("a")?.status).toBe("withdrawn");
  });

  test("rejected is the end", async () => {
    const id = await engine.create();
    const plan = await asked(id);
    await engine.closed(id, await respond(id, plan, "reject", { note: "Not worth it." }));
    expect((await engine.state(id)).head).toMatchObject({
      status: "failed",
      error: { code: "rejected", message: "Not worth it." },
    });
    const resume = { max_qa_retries: null, budget: null, outcome: null, pinned: null };
    await expect(engine.engine.resume(PERSON, id, resume)).rejects.toMatchObject({ code: "not_resumable" });
  });

  test("a result that is sent back is repaired and shown again", async () => {
    const id = await engine.create();
    const delivery = await asked(id, await respond(id, await asked(id), "approve"));
    // QA's silence would leave it open: what a person asked for has to be shown.
    const louder = { ...finding, id: "f1", severity: "info" as const, criterion: null };
    engine.model.next("qa:1", saying(judgement("met", [louder])));
    const again = await asked(id, await respond(id, delivery, "request_changes", { note: "Greet louder." }));
    expect(again).toMatchObject({
      approval: { id: "ap3", gate: "delivery", cycle: 1 },
      compare_with: "cycle-0",
    });
    await engine.closed(id, await respond(id, again, "approve"));
    const { head, findings } = await engine.state(id);
    expect(head).toMatchObject({ status: "completed", cycle: 1 });
    expect([...findings.values()]).toMatchObject([
      { raised_by: "person", description: "Greet louder.", status: "resolved" },
    ]);
  });
});

test("an answer that comes too late can only be no", async () => {
  engine = await openTestEngine({ workflow: { gates: ["plan"], approval_expires_s: 60 } });
  engine.model.answers = plausibleAnswers({ graph: { a: [] } });
  const id = await engine.create();
  const plan = await asked(id);
  engine.clock.advance(61_000);
  await expect(respond(id, plan, "approve")).rejects.toMatchObject({ code: "approval_expired" });
  await engine.closed(id, await respond(id, plan, "reject"));
});
