import { describe, expect, test } from "vitest";

import { next } from "../next.ts";
import { documentOf, newestDelivery } from "../state.ts";
import {
  assessment,
  brief,
  contract,
  design,
  finalization,
  judgement,
  receipt,
  suggestion,
  tasks,
  work,
} from "../testing/role-outputs.testsuite.ts";
import {
  begun,
  built,
  completionOf,
  contracted,
  delivered,
  designed,
  directed,
  exhausted,
  finalized,
  given,
  givenCreatedAs,
  implemented,
  judged,
  planned,
  refined,
  thenRefused,
  resumed,
  thenEvents,
} from "../testing/specification.testsuite.ts";

describe("each role's output becomes its own documents", () => {
  test("Director: the brief, which names the workflow", () => {
    const outcome = given(begun("director")).when(completionOf("director", "director", brief()));
    expect(outcome).toMatchObject(
      thenEvents(
        { type: "document.written", role: "director", payload: { kind: "brief" } },
        {
          type: "role.completed",
          payload: { summary: "The person wants a greeting.", attempt: 1, cycle: 0 },
        },
        { type: "step.completed", step_id: "director", payload: { attempt: 1 } },
      ),
    );
    const { change } = outcome;
    expect(change.after.head).toMatchObject({ title: "A greeting program", mode: "software" });
  });

  test("Project Manager: constitution, requirements, plan", () => {
    const outcome = given(directed, begun("project_manager")).when(
      completionOf("project_manager", "project_manager", contract()),
    );
    expect(outcome).toMatchObject(
      thenEvents(
        { type: "document.written", payload: { kind: "constitution" } },
        { type: "document.written", payload: { kind: "requirements" } },
        { type: "document.written", payload: { kind: "plan" } },
        { type: "role.completed" },
        { type: "step.completed" },
      ),
    );
    const { change } = outcome;
    expect(documentOf(change.after, "constitution")?.acceptance_criteria).toHaveLength(1);
    expect(next(change.after).map((step) => step.id)).toEqual(["architect:0"]);
  });

  test("Architect: the design, and the tasks after what they depend on, numbered as it wrote them", () => {
    const outcome = given(directed, contracted, begun("architect:0")).when(
      completionOf("architect:0", "architect", design(tasks({ b: ["a"], a: [] }))),
    );
    expect(outcome).toMatchObject(
      thenEvents(
        { type: "document.written", payload: { kind: "design" } },
        { type: "task.created", task_id: "a", payload: { key: "a", ordinal: 2 } },
        { type: "task.created", task_id: "b", payload: { key: "b", ordinal: 1 } },
        { type: "role.completed" },
        { type: "step.completed" },
      ),
    );
    const { change } = outcome;
    expect(change.after.tasks.get("a")).toMatchObject({ status: "ready", dependents: ["b"] });
    expect(change.after.tasks.get("b")).toMatchObject({ status: "pending", unmet: 1 });
  });

  test("Implementer: artifacts, numbered through the workflow, and its task is completed", () => {
    expect(
      given(planned({ a: [], b: [] }), implemented("a", ["a.js"]), begun("task:b")).when(
        completionOf("task:b", "implementer", work(["b.js", "a.js"], "second")),
      ),
    ).toMatchObject(
      thenEvents(
        { type: "artifact.produced", task_id: "b", payload: { id: "a2", path: "b.js", revision: 1 } },
        { type: "artifact.produced", task_id: "b", payload: { id: "a3", path: "a.js", revision: 2 } },
        { type: "role.completed", role: "implementer", task_id: "b" },
        { type: "task.completed", task_id: "b", payload: { title: "Task b", summary: "Wrote b.js, a.js." } },
        { type: "step.completed" },
      ),
    );
  });

  test("QA: verdicts, then on to the Finalizer", () => {
    const outcome = given(built, begun("qa:0")).when(completionOf("qa:0", "qa", judgement()));
    expect(outcome).toMatchObject(
      thenEvents(
        { type: "criterion.judged", payload: { id: "AC1", verdict: "met", cycle: 0, decided_by: "qa" } },
        { type: "cycle.judged", payload: { verdict: "verified", open_musts: 0, best: true } },
        { type: "role.completed" },
        { type: "step.completed" },
      ),
    );
    const { change } = outcome;
    expect(next(change.after).map((step) => step.id)).toEqual(["finalizer"]);
  });

  test("Finalizer: the finalization, then delivery", () => {
    const outcome = given(built, judged(0), begun("finalizer")).when(
      completionOf("finalizer", "finalizer", finalization()),
    );
    expect(outcome).toMatchObject(
      thenEvents(
        { type: "document.written", payload: { kind: "finalization" } },
        { type: "role.completed" },
        { type: "step.completed" },
      ),
    );
    const { change } = outcome;
    expect(next(change.after)).toMatchObject([{ id: "delivery", kind: "delivery", role: null }]);
  });

  test("delivery: a receipt, and the workflow is completed", () => {
    const specification = given(built, judged(0), finalized, begun("delivery"));
    const outcome = specification.when({
      type: "step.complete",
      step_id: "delivery",
      attempt: 1,
      result: { kind: "delivery", receipt },
    });
    expect(outcome).toMatchObject(
      thenEvents(
        { type: "delivery.completed", payload: receipt },
        { type: "step.completed" },
        { type: "state.transition", payload: { from: "running", to: "completed" } },
      ),
    );
    const { change } = outcome;
    expect(newestDelivery(change.after)).toMatchObject({
      id: "d1",
      status: "delivered",
      ...receipt,
      documents: [],
      attempts: 1,
      message: null,
    });
    expect(next(change.after).map((step) => step.id)).toEqual(["refiner:1"]);
  });

  test("Refiner: an assessment, suggestions, and the workflow is closed", () => {
    const output = assessment([suggestion("qa"), suggestion("architect")]);
    const outcome = given(built, judged(0), finalized, delivered, begun("refiner:1")).when(
      completionOf("refiner:1", "refiner", output),
    );
    expect(outcome).toMatchObject(
      thenEvents(
        { type: "document.written", payload: { kind: "assessment" } },
        { type: "refiner.suggestion", payload: { id: "s1", component_name: "qa" } },
        { type: "refiner.suggestion", payload: { id: "s2", component_name: "architect" } },
        { type: "role.completed", payload: { summary: "It went well." } },
        { type: "step.completed" },
        { type: "workflow.closed", payload: { status: "completed" } },
      ),
    );
    const { change } = outcome;
    expect(change.after.suggestions.size).toBe(2);
  });

  test("suggestions of a later ending are numbered on", () => {
    const again = givenCreatedAs({ max_qa_retries: 0 }, exhausted, refined(1), resumed(1));
    designed({ mend: [] }, 1)(again.driver);
    implemented("mend")(again.driver);
    judged(1)(again.driver);
    finalized(again.driver);
    delivered(again.driver);
    refined(2)(again.driver);
    expect([...again.driver.state.suggestions.values()].map((one) => one.id).toSorted()).toEqual([
      "s1",
      "s2",
    ]);
  });
});

describe("what may not be said is not said", () => {
  test("foreign fields are dropped, journaled, and change nothing", () => {
    const output = { ...judgement(), tasks: tasks({ sneaky: [] }), design: {}, unheard_of: 1 };
    const outcome = given(built, begun("qa:0")).when(completionOf("qa:0", "qa", output));
    expect(outcome).toMatchObject(
      thenEvents(
        { type: "contract.violated", role: "qa", step_id: "qa:0", payload: { fields: ["tasks", "design"] } },
        { type: "criterion.judged" },
        { type: "cycle.judged" },
        { type: "role.completed" },
        { type: "step.completed" },
      ),
    );
    const { change } = outcome;
    expect(change.after.tasks).toBe(change.before.tasks);
  });

  test("a result of another role than the step's is refused", () => {
    expect(given(begun("director")).when(completionOf("director", "qa", judgement()))).toMatchObject(
      thenRefused("invalid_output", /belongs to director/),
    );
    expect(
      given(built, judged(0), finalized, begun("delivery")).when(
        completionOf("delivery", "finalizer", finalization()),
      ),
    ).toMatchObject(thenRefused("invalid_output", /no role/));
  });

  test("a result of another kind than the step's is refused", () => {
    expect(
      given(begun("director")).when({
        type: "step.complete",
        step_id: "director",
        attempt: 1,
        result: { kind: "delivery", receipt },
      }),
    ).toMatchObject(thenRefused("invalid_output", /director is no delivery/));
  });

  test("an output that breaks its schema is refused with every problem", () => {
    const outcome = given(begun("director")).when(completionOf("director", "director", { title: "" }));
    expect(outcome).toMatchObject(thenRefused("invalid_output"));
    const problems = outcome.refusal?.problems ?? [];
    expect(problems.join("\n")).toMatch(/^mode: /m);
    expect(problems.join("\n")).toMatch(/^title: /m);
  });

  test("a task graph that can't run is refused, never guessed", () => {
    const outcome = given(directed, contracted, begun("architect:0")).when(
      completionOf("architect:0", "architect", design(tasks({ a: ["b"], b: ["a", "c"] }))),
    );
    expect(outcome).toMatchObject(thenRefused("invalid_output"));
    const problems = outcome.refusal?.problems ?? [];
    expect(problems).toEqual([
      "task b depends on c, which does not exist",
      "tasks depend on each other in a circle: a -> b -> a",
    ]);
  });

  test("an attempt that lost its step brings nothing home", () => {
    expect(
      given(begun("director")).when({
        type: "step.complete",
        step_id: "director",
        attempt: 2,
        result: { kind: "role", role: "director", output: brief() },
      }),
    ).toMatchObject(thenRefused("stale_attempt"));
  });
});
