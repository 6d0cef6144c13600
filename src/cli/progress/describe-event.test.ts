import { Writable } from "node:stream";
import { stripVTControlCharacters } from "node:util";

import { describe, expect, test } from "vitest";

import type { EventRow } from "../../contract/event-row.ts";
import type { RoleName } from "../../core/role-name.ts";
import type { EventPayload, EventType } from "../../core/workflow/events.ts";
import { describeEvent, NO_PROGRESS, type Progress } from "./describe-event.ts";
import type { ProgressLine } from "./progress-line.ts";
import { formatLine, openPrinter } from "./progress-printer.ts";

type Place = {
  readonly role?: RoleName;
  readonly step_id?: string;
  readonly task_id?: string;
  readonly second?: number;
};

let seq = 0;
function event<T extends EventType>(type: T, payload: EventPayload<T>, place: Place = {}): EventRow {
  seq += 1;
  return {
    id: `w:${seq}`,
    workflow_id: "w",
    seq,
    type,
    role: place.role ?? null,
    step_id: place.step_id ?? null,
    task_id: place.task_id ?? null,
    payload,
    actor: "engine",
    version: 1,
    occurred_at: new Date(Date.UTC(2026, 0, 1, 0, 0, place.second ?? 0)).toISOString(),
  };
}

function tell(...events: EventRow[]): { lines: ProgressLine[]; progress: Progress } {
  let progress = NO_PROGRESS;
  const lines = events.flatMap((one) => {
    const described = describeEvent(progress, one);
    progress = described.progress;
    return described.lines;
  });
  return { lines, progress };
}

const architect = { role: "architect", step_id: "architect:0" } as const;
const usage = { input_tokens: 100, output_tokens: 20, cached_input_tokens: 0, reasoning_tokens: 0 };
const called: EventPayload<"model.called"> = {
  attempt: 1,
  ordinal: 1,
  provider: "p",
  model_asked: "m",
  model_served: "m",
  usage,
  cost_usd: null,
  latency_ms: 1,
  finish_reason: "stop",
  request_hash: "",
  prompt_hash: "",
  packet_hash: "",
  config_hash: "",
  response_hash: null,
  error: null,
};

describe("a step", () => {
  test("is told when it begins and when it ends, with time and tokens", () => {
    const { lines, progress } = tell(
      event("role.started", { attempt: 1, cycle: 0 }, { ...architect, second: 1 }),
      event("model.called", called, architect),
      event("model.called", called, architect),
      event("role.completed", { attempt: 1, cycle: 0, summary: "Two tasks." }, { ...architect, second: 5 }),
    );
    expect(lines).toEqual([
      { status: "run", subject: "Architect", detail: "", tail: "", elapsed_ms: null, tokens: null },
      {
        status: "ok",
        subject: "Architect",
        detail: "p/m  Two tasks.",
        tail: "",
        elapsed_ms: 4000,
        tokens: 240,
      },
    ]);
    expect(progress).toMatchObject({ tokens: 240, model_calls: 2 });
    expect(progress.open.size).toBe(0);
  });

  test("of a task goes by the task's title, two of them at the same time", () => {
    const task = (key: string, title: string, ordinal: number) =>
      event(
        "task.created",
        { key, title, description: "", depends_on: [], criteria: [], writes: [], ordinal, cycle: 0 },
        { task_id: key },
      );
    const place = (key: string) => ({ role: "implementer", step_id: `task:${key}`, task_id: key }) as const;
    const { lines, progress } = tell(
      task("a", "Read", 1),
      task("b", "Write", 2),
      event("role.started", { attempt: 1, cycle: 0 }, place("a")),
      event("role.started", { attempt: 1, cycle: 0 }, place("b")),
      event("role.completed", { attempt: 1, cycle: 0, summary: "" }, place("b")),
    );
    expect(lines.map(({ subject }) => subject)).toEqual([
      "Implementer · Read",
      "Implementer · Write",
      "Implementer · Write",
    ]);
    expect([...progress.open.values()].map(({ label }) => label)).toEqual(["Implementer · Read"]);
  });

  test("in a repair says so; the Finalizer after one does not", () => {
    const { lines } = tell(
      event("role.started", { attempt: 1, cycle: 2 }, { role: "qa", step_id: "qa:2" }),
      event("role.started", { attempt: 1, cycle: 2 }, { role: "finalizer", step_id: "finalizer" }),
    );
    expect(lines.map(({ subject }) => subject)).toEqual(["QA (repair 2)", "Finalizer"]);
  });

  test("that will be tried again waits, one that is given up fails, and the same words are not repeated", () => {
    const problem = { code: "overloaded", message: "busy" };
    const again = (attempt: number) =>
      event(
        "step.failed",
        { ...problem, attempt, retry_at: "2026-01-01T00:00:09.000Z" },
        { ...architect, second: 7 },
      );
    const parked = { from: "running", to: "paused", reason: "provider_down", message: "busy" } as const;
    const { lines } = tell(
      event("role.started", { attempt: 1, cycle: 1 }, architect),
      again(1),
      event("role.failed", { ...problem, attempt: 1, cycle: 1 }, architect),
      again(2),
      event("step.failed", { ...problem, attempt: 3, retry_at: null }, architect),
      event("role.failed", { ...problem, attempt: 3, cycle: 1 }, architect),
      event("state.transition", parked),
    );
    expect(lines.map(({ status, subject, detail, tail }) => [status, subject, detail + tail])).toEqual([
      ["run", "Architect (repair 1)", ""],
      ["wait", "Architect (repair 1)", "overloaded: busy; attempt 2 in 2 s"],
      ["wait", "Architect", "overloaded; attempt 3 in 2 s"],
      ["FAIL", "Architect", "overloaded: busy"],
      ["wait", "paused", "provider_down"],
    ]);
  });

  test.each(["budget_exhausted", "outcome_unknown", "limited", "provider_resting"])(
    "that waits because of %s has not failed",
    (code) => {
      const { lines } = tell(
        event("role.started", { attempt: 1, cycle: 0 }, architect),
        event("step.failed", { code, message: "told", attempt: 1, retry_at: null }, architect),
        event("state.transition", {
          from: "running",
          to: "awaiting_approval",
          reason: "budget",
          message: "told",
        }),
      );
      expect(lines.map(({ status, subject, detail }) => [status, subject, detail])).toEqual([
        ["run", "Architect", ""],
        ["wait", "Architect", `${code}: told`],
        ["wait", "awaiting approval", "budget"],
      ]);
    },
  );

  test("that is given back to another node ends without a word", () => {
    const { lines, progress } = tell(
      event("role.started", { attempt: 1, cycle: 0 }, architect),
      event(
        "step.failed",
        { code: "released", message: "Handed over.", attempt: 1, retry_at: null },
        architect,
      ),
    );
    expect(lines.map(({ status }) => status)).toEqual(["run"]);
    expect(progress.open.size).toBe(0);
  });

  test("tells its model when another one than before has acted", () => {
    const role = (step_id: string, model_served: string) => [
      event("role.started", { attempt: 1, cycle: 0 }, { role: "qa", step_id }),
      event("model.called", { ...called, model_served }, { role: "qa", step_id }),
      event("role.completed", { attempt: 1, cycle: 0, summary: "Done." }, { role: "qa", step_id }),
    ];
    const { lines } = tell(...role("a", "m1"), ...role("b", "m1"), ...role("c", "m2"));
    expect(lines.filter(({ status }) => status === "ok").map(({ detail }) => detail)).toEqual([
      "p/m1  Done.",
      "Done.",
      "p/m2  Done.",
    ]);
  });

  test("that is answered from the record says that nothing was paid", () => {
    const replayed = { attempt: 2, ordinal: 1, recorded_attempt: 1, request_hash: "" };
    const { lines, progress } = tell(event("model.replayed", replayed, architect));
    expect(lines).toEqual([
      expect.objectContaining({
        status: "note",
        subject: "Architect",
        detail: expect.stringMatching(/nothing/),
      }),
    ]);
    expect(progress.model_calls).toBe(0);
  });

  test("that delivers is over when the delivery is, whose links mean something to a person", () => {
    const place = { step_id: "delivery" };
    const begun = {
      kind: "delivery",
      cycle: 0,
      attempt: 1,
      owner: "",
      lease_until: "",
      tree_hash: null,
      base: 0,
    } as const;
    const delivered = (action: string, ...links: string[]) =>
      tell(
        event("step.started", begun, place),
        event("delivery.completed", { action, links, metadata: [], documents: [] }, { ...place, second: 2 }),
      );
    const { lines, progress } = delivered("webhook", "https://x.example/1");
    expect(lines.at(-1)).toMatchObject({
      status: "ok",
      subject: "delivered by webhook",
      detail: "https://x.example/1",
      elapsed_ms: 2000,
    });
    expect(progress.open.size).toBe(0);
    expect(delivered("api-response", "/api/v1/workflows/w/artifacts/a").lines.at(-1)?.detail).toBe("");
  });
});

test("a blocking finding stands out, and its repair names it", () => {
  const finding: EventPayload<"finding.raised"> = {
    id: "f1",
    severity: "blocking",
    component: "a.js",
    description: "wrong",
    recommendation: "",
    evidence: "",
    citations: [],
    criterion: null,
    ordinal: 1,
    cycle: 0,
    raised_by: "qa",
    evidence_class: "cited",
    fingerprint: "",
    receipt: null,
  };
  const { lines } = tell(
    event("settings.changed", { max_qa_retries: 3, budget: null, pinned: { provider: null, model: null } }),
    event("finding.raised", finding),
    event("repair.started", { cycle: 1, findings: ["f1"] }),
    event("finding.resolved", { id: "f1", cycle: 1, resolution: "mended" }),
  );
  expect(lines.map(({ status, subject, detail }) => `${status} ${subject}: ${detail}`)).toEqual([
    "FAIL blocking finding: a.js: wrong",
    "note repair cycle 1 of 3: for finding f1",
    "ok finding f1 resolved: mended",
  ]);
});

test.each([
  ["paused", "wait"],
  ["awaiting_approval", "wait"],
  ["completed", "done"],
  ["failed", "FAIL"],
  ["cancelled", "FAIL"],
] as const)("the state %s is told as %s", (to, status) => {
  const { lines } = tell(
    event("state.transition", { from: "running", to, reason: "why", message: "because" }),
  );
  expect(lines).toEqual([expect.objectContaining({ status, detail: "why: because" })]);
});

test("unknown types and unknown shapes are passed over", () => {
  const later = { ...event("step.completed", { attempt: 1 }), type: "sandbox.warmed" };
  const inherited = { ...event("step.completed", { attempt: 1 }), type: "constructor" };
  const odd = { ...event("role.completed", { attempt: 1, cycle: 0, summary: "" }), payload: { summary: 7 } };
  expect(tell(later, inherited, odd).lines).toEqual([]);
});

function stream(isTTY: boolean, columns = 80) {
  const written: string[] = [];
  const write = (chunk: Buffer, _encoding: string, done: () => void): void => {
    written.push(chunk.toString());
    done();
  };
  return Object.assign(new Writable({ write }), { isTTY, columns, raw: () => written.join("") });
}

test("a line fits the terminal and holds status, subject, time and tokens", () => {
  const line = {
    status: "ok",
    subject: "QA",
    detail: "x".repeat(200),
    tail: "",
    elapsed_ms: 4100,
    tokens: 2345,
  } as const;
  const text = stripVTControlCharacters(formatLine(line, stream(true, 100)));
  expect(text).toMatch(/^ ok {5}QA +4\.1s +2,345 tok {2}x+…$/);
  expect(text.length).toBeLessThanOrEqual(100);
});

test("a line that is too long keeps its end", () => {
  const line = {
    status: "wait",
    subject: "QA",
    detail: "x".repeat(200),
    tail: "; attempt 2 in 2 s",
  } as const;
  const text = formatLine({ ...line, elapsed_ms: null, tokens: null }, stream(true, 100));
  expect(stripVTControlCharacters(text)).toMatch(/^ wait {3}QA +x+…; attempt 2 in 2 s$/);
});

test("without a terminal there are plain lines, and none is ever rewritten", () => {
  const out = stream(false);
  const printer = openPrinter(out);
  printer.show(event("role.started", { attempt: 1, cycle: 0 }, architect));
  printer.show(event("role.completed", { attempt: 1, cycle: 0, summary: "Done." }, architect));
  printer.close();
  expect(stripVTControlCharacters(out.raw())).toMatch(
    /^ run {4}Architect\n ok {5}Architect +0\.0s {2}Done\.\n$/,
  );
});

test("on a terminal what runs stands in a live line that goes away", () => {
  const out = stream(true);
  const printer = openPrinter(out);
  printer.show(event("role.started", { attempt: 1, cycle: 0 }, architect));
  expect(out.raw()).toContain(" run    Architect ");
  expect(out.raw()).not.toContain("\n");
  printer.close();
  expect(out.raw().endsWith("\r\u001b[2K")).toBe(true);
});
