import { describe, expect, test } from "vitest";

import type { Receipt } from "../../receipt.ts";
import { documentOf } from "../state.ts";
import { assessment, brief, finalization, judgement, ran, work } from "../testing/role-outputs.testsuite.ts";
import {
  begun,
  delivered,
  done,
  given,
  givenCreatedAs,
  passed,
  planned,
  worked,
} from "../testing/specification.testsuite.ts";
import { creation } from "../testing/workflow-driver.testsuite.ts";

const BOAST = "All tests pass.";

function implementedWith(summary: string, succeeded?: readonly string[]) {
  const specification = given(planned(), begun("task:greet"));
  const output = { ...work(["greet.js"]), summary };
  const result = {
    kind: "role" as const,
    role: "implementer" as const,
    output,
    ...(succeeded && { succeeded }),
  };
  specification.driver.complete("task:greet", result);
  const { events, state } = specification.driver;
  return {
    summary: state.tasks.get("greet")?.summary,
    claims: events.flatMap(({ type, payload }) => (type === "claim.unsupported" ? [payload] : [])),
  };
}

describe("a Director's title", () => {
  const boast = "Greeter, all tests pass";

  test("that claims what nobody saw gives way to the request's own", () => {
    const { state, events } = given(done("director", "director", brief({ title: boast }))).driver;
    expect(state.head.title).toBe("Write a program that greets.");
    expect(documentOf(state, "brief")?.title).toBe("Write a program that greets.");
    expect(events).toContainEqual(
      expect.objectContaining({
        type: "claim.unsupported",
        payload: { role: "director", claim: "tests", sentence: boast },
      }),
    );
  });

  test("that a person has given is nobody's claim", () => {
    const settings = { ...creation().settings, given_title: boast };
    const { state, events } = givenCreatedAs(
      { settings },
      done("director", "director", brief({ title: boast })),
    ).driver;
    expect(state.head.title).toBe(boast);
    expect(events.map(({ type }) => type)).not.toContain("claim.unsupported");
  });
});

describe("an Implementer's words", () => {
  test("lose what nobody saw, and the sentence is journaled", () => {
    expect(implementedWith(`Wrote greet.js. ${BOAST}`)).toEqual({
      summary: "Wrote greet.js.",
      claims: [{ role: "implementer", claim: "tests", sentence: BOAST }],
    });
  });

  test("say so when nothing is left of them", () => {
    expect(implementedWith(BOAST).summary).toMatch(/Left out/);
  });

  test.each(["node --test", "npm test", "npm ci && npm test", "npx vitest run", "sh -c 'npm test'"])(
    "may say it when %s ran well in its step",
    (command) => {
      expect(implementedWith(BOAST, [command])).toEqual({ summary: BOAST, claims: [] });
    },
  );

  test.each([
    "echo all tests pass",
    "cat greet.test.js",
    "ls test",
    "npm test || true",
    "npm test 2>&1 | tail -3",
    "npm test; echo done",
    "test -f greet.js",
    "node greet.js",
  ])("may not say it because %s ran well", (command) => {
    expect(implementedWith(BOAST, [command]).claims).toHaveLength(1);
  });

  test("may say that it ran something when it did", () => {
    expect(implementedWith("I ran the program.", ["node greet.js"]).claims).toEqual([]);
    expect(implementedWith("I ran the program.").claims).toHaveLength(1);
  });

  test("may say that it builds when a build ran well", () => {
    expect(implementedWith("It compiles without errors.", ["npx tsc --noEmit"]).claims).toEqual([]);
    expect(implementedWith("It compiles without errors.", ["cat tsconfig.json"]).claims).toHaveLength(1);
  });
});

describe("QA's and the Finalizer's words", () => {
  function summaryOfQa(receipts: readonly Receipt[]): string | undefined {
    const output = { ...judgement(), summary: `Looks fine. ${BOAST}` };
    return given(worked({ AC1: "must" }), passed(0, { receipts, output })).driver.state.summaries.get("qa");
  }

  test("may say what a receipt of this cycle shows", () => {
    expect(summaryOfQa([ran()])).toBe(`Looks fine. ${BOAST}`);
    expect(summaryOfQa([ran({ criterion: "AC1", command: "node --test" })])).toBe(`Looks fine. ${BOAST}`);
  });

  test.each([
    ["no receipt", []],
    ["a failed receipt", [ran({ status: "failed" })]],
    ["one test stage of two", [ran(), ran({ name: "python: test", status: "failed" })]],
    ["a test stage that could not be run", [ran(), ran({ name: "python: test", status: "unavailable" })]],
    ["a check that tests nothing", [ran({ criterion: "AC1", command: "node greet.js" })]],
  ])("may not say it with %s", (_what, receipts) => {
    expect(summaryOfQa(receipts)).toBe("Looks fine.");
  });

  test("do not live on a receipt of an earlier cycle", () => {
    const output = { ...judgement(), summary: BOAST };
    const unmet = judgement({ AC1: "unmet" });
    const { state } = given(
      worked({ AC1: "must" }),
      passed(0, { receipts: [ran()], output: unmet }),
      passed(1, { output }),
    ).driver;
    expect(state.summaries.get("qa")).toMatch(/Left out/);
  });

  test("that it was delivered reach neither the finalization nor the delivery text", () => {
    const boast = {
      delivery_notes: "Run node greet.js. Published to npm.",
      summary: "Deployed to production.",
    };
    const { state, events } = given(
      worked({ AC1: "must" }),
      passed(0),
      done("finalizer", "finalizer", { ...finalization(), ...boast }),
    ).driver;
    expect(documentOf(state, "finalization")).toEqual({
      delivery_notes: "Run node greet.js.",
      summary: expect.stringMatching(/Left out/),
    });
    expect(state.summaries.get("finalizer")).toMatch(/Left out/);
    expect(events.filter(({ type }) => type === "claim.unsupported")).toHaveLength(2);
  });

  test("that it was delivered may be said once it was", () => {
    const said = { ...assessment(), overall_assessment: "Published to npm." };
    const moves = [worked({ AC1: "must" }), passed(0), done("finalizer", "finalizer", finalization())];
    const { state } = given(...moves, delivered, done("refiner:1", "refiner", said)).driver;
    expect(documentOf(state, "assessment")?.overall_assessment).toBe("Published to npm.");
  });
});
