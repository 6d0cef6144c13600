import { afterAll, beforeAll, expect, test } from "vitest";

import { WorkflowSummary } from "../../src/contract/workflow-summary.ts";
import { WorkflowView } from "../../src/contract/workflow-view.ts";
import { type Api, openApi, problemIn } from "./open-api.ts";
import { CONTENT } from "./scripted-workflow.ts";

let api: Api;
beforeAll(async () => {
  api = await openApi();
});
afterAll(() => api.close());

type Page<Row> = { data: Row[]; next_cursor: string | null };

test("a created workflow is answered whole, and is found at its Location", async () => {
  const release = api.script.hold("director");
  const answer = await api.post("/api/v1/workflows", {
    request: "Write a greeting.",
    title: "Mine",
    mode: "docs",
    provider: "fake",
    model: "large",
    max_qa_retries: 0,
    delivery: { action: "api-response" },
  });
  const created = WorkflowView.strict().parse(await answer.json());
  expect(answer.status).toBe(201);
  expect(answer.headers.get("location")).toBe(`/api/v1/workflows/${created.id}`);
  expect(created).toMatchObject({
    request: "Write a greeting.",
    title: "Mine",
    mode: "docs",
    provider: "fake",
    model: "large",
    tenant_id: "default",
    scope_id: null,
    requested_delivery: { action: "api-response", config: {} },
    execution: { max_qa_retries: 0 },
    artifacts: [],
    constitution: null,
  });
  const read = await api.call(answer.headers.get("location") ?? "");
  expect(await read.json()).toMatchObject({ id: created.id, request: "Write a greeting." });
  release();
  await api.closed(created.id);
});

test("a finished workflow has every document, no content, and fits the published schema", async () => {
  const { id } = await api.create();
  await api.closed(id);
  const view = WorkflowView.strict().parse(await (await api.call(`/api/v1/workflows/${id}`)).json());
  expect(view).toMatchObject({
    status: "completed",
    closed: true,
    mode: "docs",
    title: "A greeting",
    goals: ["Say hello"],
    brief: { finalizer_action: "api-response" },
    constitution: { vision: "A greeting exists." },
    plan: { milestones: [{ id: "M1" }] },
    design: { overview: "One file." },
    finalization: { summary: "Done." },
    assessment: { health_score: 90 },
    tasks: [{ id: "greet", status: "completed" }],
    artifacts: [{ path: "docs/café (1).md", revision: 1 }],
    findings: [{ severity: "warning", status: "open" }],
    criteria: [{ id: "AC1", verdict: "met" }],
    suggestions: [{ component_name: "qa" }],
    delivery: { status: "delivered", action: "api-response" },
    summaries: { director: "A greeting in one file.", finalizer: "Done." },
    spend: { model_calls: 0, input_tokens: 0, output_tokens: 0, by_role: [] },
    waiting: null,
    error: null,
    execution: { cycle: 0, running_steps: [], current_role: null, active_tasks: [] },
  });
  expect(JSON.stringify(view)).not.toContain("世界");
});

test("a running workflow says which step, role and task are at work", async () => {
  const release = api.script.hold("implementer");
  const { id } = await api.create();
  await api.reached(id, "task.started");
  const view = (await (await api.call(`/api/v1/workflows/${id}`)).json()) as WorkflowView;
  expect(view).toMatchObject({
    status: "running",
    execution: {
      current_role: "implementer",
      active_tasks: ["greet"],
      running_steps: [{ id: "task:greet", kind: "task", role: "implementer", task_id: "greet", attempt: 1 }],
    },
  });
  release();
  await api.closed(id);
});

test("artifact content is bytes that no browser runs", async () => {
  const { id } = await api.create();
  await api.closed(id);
  const list = (await (await api.call(`/api/v1/workflows/${id}/artifacts`)).json()) as Page<{
    content_url: string;
    hash: string;
    size: number;
  }>;
  const [artifact] = list.data;
  if (artifact === undefined) throw new Error("no artifact");
  const answer = await api.call(artifact.content_url);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  expect(new TextDecoder().decode(bytes)).toBe(CONTENT);
  expect(bytes.byteLength).toBe(artifact.size);
  expect(answer.headers.get("content-type")).toBe("text/plain; charset=utf-8");
  expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
  expect(answer.headers.get("content-security-policy")).toContain("sandbox");
  expect(answer.headers.get("etag")).toBe(`"${artifact.hash}"`);
  expect(answer.headers.get("content-disposition")).toBe(
    `inline; filename="caf_ _1_.md"; filename*=UTF-8''caf%C3%A9%20%281%29.md`,
  );
  const again = await api.call(artifact.content_url, { headers: { "if-none-match": `"${artifact.hash}"` } });
  expect(again.status).toBe(304);
  const unknown = await problemIn(await api.call(`/api/v1/workflows/${id}/artifacts/a99`));
  expect(unknown).toMatchObject({ status: 404, code: "artifact_not_found" });
});

test("steps, findings and events are lists of their own", async () => {
  const { id } = await api.create();
  await api.closed(id);
  const steps = (await (await api.call(`/api/v1/workflows/${id}/steps`)).json()) as Page<{
    id: string;
    status: string;
  }>;
  expect(steps.data.map((step) => step.id)).toEqual(
    expect.arrayContaining([
      "director",
      "project_manager",
      "architect:0",
      "task:greet",
      "qa:0",
      "finalizer",
      "delivery",
    ]),
  );
  expect(new Set(steps.data.map((step) => step.status))).toEqual(new Set(["completed"]));
  const findings = (await (await api.call(`/api/v1/workflows/${id}/findings`)).json()) as Page<{
    description: string;
  }>;
  expect(findings).toMatchObject({ data: [{ description: "Short." }], next_cursor: null });
});

test("pages of events are gapless and end with the journal", async () => {
  const { id } = await api.create();
  await api.closed(id);
  const whole = (await (await api.call(`/api/v1/workflows/${id}/events?limit=1000`)).json()) as Page<{
    seq: number;
  }>;
  const collected: { seq: number }[] = [];
  let cursor: string | null = "0";
  while (cursor !== null) {
    const answer: Response = await api.call(`/api/v1/workflows/${id}/events?limit=7&cursor=${cursor}`);
    const page = (await answer.json()) as Page<{ seq: number }>;
    expect(page.data.length).toBeLessThanOrEqual(7);
    collected.push(...page.data);
    cursor = page.next_cursor;
  }
  expect(collected).toEqual(whole.data);
  expect(collected.map((event) => event.seq)).toEqual(collected.map((_, index) => index + 1));
  const after = (await (await api.call(`/api/v1/workflows/${id}/events?limit=2&after=3`)).json()) as Page<{
    seq: number;
  }>;
  expect(after).toMatchObject({
    data: [{ seq: 4, id: `${id}:4`, workflow_id: id }, { seq: 5 }],
    next_cursor: "5",
  });
});

test("the list pages through all workflows of a tenant, newest first, without documents", async () => {
  const headers = { "x-tenant-id": "paging" };
  const ids: string[] = [];
  for (let count = 0; count < 5; count += 1) {
    const { id } = await api.create(`Request ${count}`, headers);
    await api.closed(id, "paging");
    ids.unshift(id);
  }
  const seen: WorkflowSummary[] = [];
  let path: string | null = "/api/v1/workflows?limit=2&status=completed";
  while (path !== null) {
    const answer: Response = await api.call(path, { headers });
    const page = (await answer.json()) as Page<WorkflowSummary>;
    seen.push(...page.data.map((row) => WorkflowSummary.strict().parse(row)));
    const link = answer.headers.get("link");
    expect(link === null).toBe(page.next_cursor === null);
    path = link === null ? null : link.slice(1, link.indexOf(">"));
  }
  expect(seen.map((workflow) => workflow.id)).toEqual(ids);
  const none = (await (
    await api.call("/api/v1/workflows?status=failed,paused", { headers })
  ).json()) as Page<unknown>;
  expect(none).toEqual({ data: [], next_cursor: null });
});

test("pause, resume and cancel answer with the workflow; what makes no sense is a conflict", async () => {
  const release = api.script.hold("architect");
  const { id } = await api.create();
  await api.reached(id, "role.started", "architect");
  const paused = await api.post(`/api/v1/workflows/${id}/pause`);
  expect(paused.status).toBe(200);
  expect(await paused.json()).toMatchObject({
    status: "paused",
    waiting: { kind: "paused", reason: "asked" },
  });
  const resumed = await api.post(`/api/v1/workflows/${id}/resume`, { max_qa_retries: 5, model: "large" });
  expect(resumed.status).toBe(200);
  expect(await resumed.json()).toMatchObject({
    status: "running",
    model: "large",
    waiting: null,
    execution: { max_qa_retries: 5 },
  });
  expect(await problemIn(await api.post(`/api/v1/workflows/${id}/resume`, {}))).toMatchObject({
    status: 409,
    code: "not_resumable",
    retryable: false,
  });
  const cancelled = await api.post(`/api/v1/workflows/${id}/cancel`, {});
  expect(cancelled.status).toBe(200);
  expect(await cancelled.json()).toMatchObject({ status: "cancelled", closed: true });
  release();
  for (const verb of ["pause", "cancel"]) {
    const problem = await problemIn(await api.post(`/api/v1/workflows/${id}/${verb}`));
    expect(problem).toMatchObject({ status: 409, code: "already_closed" });
  }
});

test.each(["application/x-www-form-urlencoded", "text/csv", "application/json"])(
  "an empty body declared as %s is none",
  async (type) => {
    const release = api.script.hold("architect");
    const { id } = await api.create();
    await api.reached(id, "role.started", "architect");
    for (const verb of ["pause", "resume", "cancel"]) {
      const init = { method: "POST", body: "", headers: { "content-type": type } };
      expect((await api.call(`/api/v1/workflows/${id}/${verb}`, init)).status).toBe(200);
    }
    release();
  },
);

test("providers are listed, asked for models, and tested", async () => {
  expect(await (await api.call("/api/v1/providers")).json()).toEqual({
    data: [{ name: "fake", kind: "openai-compatible", default_model: "small" }],
    next_cursor: null,
  });
  const models = (await (await api.call("/api/v1/providers/fake/models?limit=1")).json()) as Page<{
    id: string;
  }>;
  expect(models.data).toEqual([{ id: "small", name: "Small", context_window: 8_000 }]);
  expect(models.next_cursor).not.toBeNull();
  expect(await (await api.post("/api/v1/providers/fake/test")).json()).toEqual(api.provider.health);
  for (const path of ["/api/v1/providers/other/models", "/api/v1/providers/__proto__/models"]) {
    expect(await problemIn(await api.call(path))).toMatchObject({ status: 404, code: "provider_not_found" });
  }
});
