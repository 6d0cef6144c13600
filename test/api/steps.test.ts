import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { ModelCallDetail, ModelCallView } from "../../src/contract/model-call-view.ts";
import { StepDetail } from "../../src/contract/step-view.ts";
import { maySeeBodies } from "../../src/server/may-see-bodies.ts";
import { type Api, openApi, problemIn } from "./open-api.ts";
import {
  answered,
  failedCall,
  plant,
  PROMPT,
  requested,
  RESPONSE,
  STEP_ID,
  stepEvent,
} from "./planted-calls.ts";

const ID = "wf_steps";
const RETRY_AT = "2026-11-23T10:02:00.000Z";
const HASH = "a".repeat(64);

let api: Api;
beforeAll(async () => {
  api = await openApi();
  const at = (minute: number) => `2026-11-23T10:0${minute}:00.000Z`;
  const started = (attempt: number) => ({
    kind: "task",
    cycle: 0,
    attempt,
    owner: "node-1",
    lease_until: at(9),
    tree_hash: null,
  });
  await plant(api, {
    id: ID,
    step: { attempt: 2, status: "running" },
    calls: [
      answered({ attempt: 1, ordinal: 1 }),
      failedCall({ attempt: 1, ordinal: 2 }),
      requested({ attempt: 2, ordinal: 2 }),
    ],
    events: [
      stepEvent("step.started", started(1), { seq: 1, occurred_at: at(0) }),
      stepEvent(
        "step.failed",
        { attempt: 1, code: "overloaded", message: "Come again.", retry_at: RETRY_AT },
        { seq: 2, occurred_at: at(1) },
      ),
      stepEvent("step.started", started(2), { seq: 3, occurred_at: at(2) }),
      stepEvent(
        "model.replayed",
        { attempt: 2, ordinal: 1, recorded_attempt: 1, request_hash: HASH },
        { seq: 4, occurred_at: at(2) },
      ),
    ],
  });
});
afterAll(() => api.close());

const STEPS = `/api/v1/workflows/${ID}/steps`;

async function read(path: string, headers: Record<string, string> = {}): Promise<unknown> {
  const answer = await api.call(`${STEPS}${path}`, { headers });
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

describe.each([
  ["raw", STEP_ID],
  ["encoded", encodeURIComponent(STEP_ID)],
])("with the step id %s", (_, stepId) => {
  test("a step tells its attempts, what they cost and what they took from the journal", async () => {
    const step = StepDetail.strict().parse(await read(`/${stepId}`));
    expect(step).toMatchObject({ id: STEP_ID, kind: "task", status: "running", attempt: 2 });
    expect(step.attempts).toEqual([
      {
        attempt: 1,
        status: "failed",
        started_at: "2026-11-23T10:00:00.000Z",
        finished_at: "2026-11-23T10:01:00.000Z",
        error: { code: "overloaded", message: "Come again." },
        retry_at: RETRY_AT,
        replayed_calls: 0,
        spend: {
          model_calls: 2,
          input_tokens: 1_000,
          output_tokens: 200,
          cost_usd: 0.25,
          cost_usd_known: 0.25,
          calls_without_price: 0,
        },
        pending: { model_calls: 0, tokens: 0, cost_usd: 0 },
      },
      {
        attempt: 2,
        status: "running",
        started_at: "2026-11-23T10:02:00.000Z",
        finished_at: null,
        error: null,
        retry_at: null,
        replayed_calls: 1,
        spend: {
          model_calls: 0,
          input_tokens: 0,
          output_tokens: 0,
          cost_usd: 0,
          cost_usd_known: 0,
          calls_without_price: 0,
        },
        pending: { model_calls: 1, tokens: 9_000, cost_usd: 0.5 },
      },
    ]);
    expect(JSON.stringify(step)).not.toContain("node-1");
  });

  test("its model calls are listed, and one in doubt shows what it may take", async () => {
    const { data } = (await read(`/${stepId}/model_calls`)) as { data: unknown[] };
    const calls = data.map((call) => ModelCallView.strict().parse(call));
    expect(calls.map(({ attempt, ordinal, status }) => [attempt, ordinal, status])).toEqual([
      [1, 1, "answered"],
      [1, 2, "failed"],
      [2, 2, "requested"],
    ]);
    expect(calls[0]).toMatchObject({ cost_usd: 0.25, reserved: null, model_served: "gpt-5-2026-08-07" });
    expect(calls[1]).toMatchObject({ cost_usd: 0, error: { code: "overloaded" } });
    expect(calls[2]).toMatchObject({
      cost_usd: null,
      usage: null,
      latency_ms: null,
      finish_reason: null,
      model_served: null,
      reserved: { cost_usd: 0.5, tokens: 9_000 },
    });
    const first = (await read(`/${stepId}/model_calls?limit=1`)) as { next_cursor: string };
    const rest = await read(`/${stepId}/model_calls?limit=5&cursor=${first.next_cursor}`);
    expect(rest).toEqual({ data: data.slice(1), next_cursor: null });
  });

  test("one model call shows what was said, where there is something", async () => {
    const call = ModelCallDetail.strict().parse(await read(`/${stepId}/model_calls/1/1`));
    expect(call).toMatchObject({ bodies: "shown", prompt: PROMPT.content, response: RESPONSE.content });
    const inDoubt = ModelCallDetail.strict().parse(await read(`/${stepId}/model_calls/2/2`));
    expect(inDoubt).toMatchObject({ bodies: "shown", prompt: PROMPT.content, response: null });
  });
});

test("the url of a call leads to it", async () => {
  const { data } = (await read(`/${STEP_ID}/model_calls`)) as { data: ModelCallView[] };
  const answer = await api.call(data[0]?.url ?? "");
  expect(await answer.json()).toMatchObject({ ...data[0] });
});

test.each([
  [`/${STEP_ID}x`, "step_not_found"],
  [`/${STEP_ID}x/model_calls`, "step_not_found"],
  [`/${STEP_ID}x/model_calls/1/1`, "step_not_found"],
  [`/${STEP_ID}/model_calls/1/3`, "model_call_not_found"],
  [`/${STEP_ID}/model_calls/2/1`, "model_call_not_found"],
  [`/${STEP_ID}/model_calls/one/1`, "invalid_request"],
])("%s is refused as %s", async (path, code) => {
  expect(await problemIn(await api.call(`${STEPS}${path}`))).toMatchObject({ code });
});

test.each([`/${STEP_ID}`, `/${STEP_ID}/model_calls`, `/${STEP_ID}/model_calls/1/1`])(
  "another tenant finds no workflow at %s",
  async (path) => {
    const answer = await api.call(`${STEPS}${path}`, { headers: { "x-tenant-id": "stranger" } });
    expect(await problemIn(answer)).toMatchObject({ status: 404, code: "workflow_not_found" });
  },
);

test("only the owner of a local server sees what models were told", () => {
  expect(maySeeBodies({ tenant_id: "default", actor: "local" })).toBe(true);
  expect(maySeeBodies({ tenant_id: "default", actor: "somebody" })).toBe(false);
});
