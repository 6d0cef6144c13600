import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { ApprovalDetail, ApprovalView } from "../../src/contract/approval-view.ts";
import { WorkflowView } from "../../src/contract/workflow-view.ts";
import { aCommit } from "../../src/storage/testsuite/a-commit.ts";
import { aTask, checkWork, quietReviewer } from "./checked-workflow.ts";
import { type Api, openApi, problemIn } from "./open-api.ts";

let api: Api;
let tenants = 0;
/** One for each test, so that lists are its own. */
let headers: { readonly "x-tenant-id": string };

beforeAll(async () => {
  api = await openApi();
  quietReviewer(api);
  checkWork(api, () => []);
});
beforeEach(() => {
  headers = { "x-tenant-id": `tenant-${(tenants += 1)}` };
});
afterAll(() => api.close());

async function held(...gates: string[]): Promise<string> {
  const answer = await api.post("/api/v1/workflows", { request: "A page.", gates }, headers);
  const { id } = (await answer.json()) as WorkflowView;
  return asked(id);
}

/** Waits for the next question of the workflow. */
async function asked(id: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const principal = { tenant_id: headers["x-tenant-id"], actor: "test" };
  const stop = api.engine.subscribe(principal, id, (events) => {
    if (events.some(({ event }) => event.type === "approval.requested")) resolve();
  });
  if ((await read(`/workflows/${id}`)).approval === null) await promise;
  stop();
  return id;
}

async function read(path: string): Promise<WorkflowView> {
  return (await (await api.call(`/api/v1${path}`, { headers })).json()) as WorkflowView;
}

async function detail(id: string): Promise<ApprovalDetail> {
  const answer = await api.call(`/api/v1/approvals/${id}`, { headers });
  return ApprovalDetail.strict().parse(await answer.json());
}

async function list(query = ""): Promise<{ data: ApprovalView[]; next_cursor: string | null }> {
  const answer = await api.call(`/api/v1/approvals${query}`, { headers });
  const { data, next_cursor } = (await answer.json()) as { data: unknown[]; next_cursor: string | null };
  return { data: data.map((one) => ApprovalView.strict().parse(one)), next_cursor };
}

function respond(id: string, body: object, more: Record<string, string> = {}): Promise<Response> {
  return api.post(`/api/v1/approvals/${id}/respond`, body, { ...headers, ...more });
}

/** Answers what is shown now. */
async function answerShown(id: string, body: object): Promise<Response> {
  return respond(id, { shown: (await detail(id)).shown, ...body });
}

describe("what waits for a person", () => {
  test("is listed and shown with its subject, and the workflow names it", async () => {
    const id = await held("plan");
    const approval = `${id}:ap1`;
    const { data } = await list();
    expect(data).toMatchObject([
      { id: approval, workflow_id: id, gate: "plan", status: "open", cycle: 0, expires_at: null },
    ]);
    const view = WorkflowView.strict().parse(await read(`/workflows/${id}`));
    expect(view).toMatchObject({ status: "awaiting_approval", gates: ["plan"], approval: data[0] });
    const shown = await detail(approval);
    expect(shown).toMatchObject({
      ...data[0],
      subject: { criteria: [{ id: "AC1" }, { id: "AC2" }], tasks: [{ key: "page-0-0" }] },
    });
    expect(shown.shown).toMatch(/^[0-9a-f]{64}$/);
    expect(await detail(encodeURIComponent(approval))).toEqual(shown);
    expect(await (await api.call(shown.url, { headers })).json()).toEqual(shown);
  });

  test("is paged past workflows that wait for something else", async () => {
    const first = await held("plan");
    const storage = api.storage.forTenant(headers["x-tenant-id"]);
    for (const workflow_id of ["wf_budget_1", "wf_budget_2", "wf_budget_3"]) {
      const gate = { kind: "gate", reason: "budget", message: "", until: null } as const;
      const head = { status: "awaiting_approval", waiting: gate } as const;
      const created_at = new Date().toISOString();
      await storage.commit(
        aCommit({ tenant_id: headers["x-tenant-id"], workflow_id, head: { ...head, created_at } }),
      );
    }
    const second = await held("plan");
    const page = await list("?limit=1");
    expect(page.data.map(({ workflow_id }) => workflow_id)).toEqual([second]);
    const rest = await list(`?limit=1&cursor=${page.next_cursor}`);
    expect(rest.data.map(({ workflow_id }) => workflow_id)).toEqual([first]);
    expect((await list()).data).toHaveLength(2);
  });

  test("is nobody else's: another tenant's approval is like an unknown one", async () => {
    const id = await held("plan");
    const stranger = { "x-tenant-id": "stranger", "x-request-id": "same" };
    const body = { verb: "approve", shown: "x" };
    for (const ask of [
      (approval: string) => api.call(`/api/v1/approvals/${approval}`, { headers: stranger }),
      (approval: string) => api.post(`/api/v1/approvals/${approval}/respond`, body, stranger),
    ]) {
      const texts = [];
      for (const workflow of [id, `wf_${"0".repeat(32)}`]) {
        const refused = await ask(`${workflow}:ap1`);
        expect(refused.status).toBe(404);
        texts.push((await refused.text()).replaceAll(workflow, "ID"));
      }
      expect(texts[0]).toBe(texts[1]);
      expect(texts[0]).toContain("approval_not_found");
    }
  });

  test.each(["ap1", "wf:ap1:x", ":ap1", "wf%00:ap1", "__proto__:__proto__"])(
    "%s is no approval",
    async (id) => {
      const answered = await api.call(`/api/v1/approvals/${id}`, { headers });
      expect(await problemIn(answered)).toMatchObject({ status: 404, code: "approval_not_found" });
    },
  );
});

describe("an answer", () => {
  test("lets the workflow go on, once, with its note kept", async () => {
    const id = await held("plan");
    const approval = `${id}:ap1`;
    const answered = await answerShown(approval, { verb: "approve", note: "Mind the title." });
    expect(answered.status).toBe(200);
    expect(WorkflowView.strict().parse(await answered.json())).toMatchObject({ id, approval: null });
    await api.closed(id, headers["x-tenant-id"]);
    expect(await read(`/workflows/${id}`)).toMatchObject({ status: "completed", verdict: "verified" });
    expect(await detail(approval)).toMatchObject({
      status: "answered",
      shown: null,
      subject: null,
      answer: { verb: "approve", note: "Mind the title.", actor: "local" },
    });
    const again = await respond(approval, { verb: "approve", shown: "x" });
    expect(await problemIn(again)).toMatchObject({ status: 409, code: "approval_closed" });
    expect((await list()).data).toEqual([]);
  });

  test("is bound to what was shown: of another subject, and of another approval, it is refused", async () => {
    const id = await held("plan");
    const before = (await detail(`${id}:ap1`)).shown;
    const stale = await respond(`${id}:ap1`, { verb: "approve", shown: "f".repeat(64) });
    expect(await problemIn(stale)).toMatchObject({ status: 409, code: "approval_stale" });
    expect((await answerShown(`${id}:ap1`, { verb: "request_changes", note: "Smaller." })).status).toBe(200);
    await asked(id);
    const shown = await detail(`${id}:ap2`);
    expect(shown).toMatchObject({ status: "open", subject: { tasks: [{ key: "page-0-1" }] } });
    const other = await respond(`${id}:ap2`, { verb: "approve", shown: before });
    expect(await problemIn(other)).toMatchObject({ code: "approval_stale" });
    const closed = await respond(`${id}:ap1`, { verb: "approve", shown: before });
    expect(await problemIn(closed)).toMatchObject({ code: "approval_closed" });
    const unknown = await respond(`${id}:ap9`, { verb: "approve", shown: before });
    expect(await problemIn(unknown)).toMatchObject({ status: 404, code: "approval_not_found" });
    expect(await read(`/workflows/${id}`)).toMatchObject({ status: "awaiting_approval" });
  });

  test("that edits the plan puts its criteria and tasks in the place of those that were shown", async () => {
    const id = await held("plan");
    const { subject } = await detail(`${id}:ap1`);
    const [criterion] = (subject ?? {})["criteria"] as object[];
    const edit = { verb: "edit", criteria: [criterion], tasks: [aTask("mine")] };
    expect((await answerShown(`${id}:ap1`, edit)).status).toBe(200);
    await api.closed(id, headers["x-tenant-id"]);
    const { criteria, tasks } = await read(`/workflows/${id}`);
    expect(criteria.map(({ id: one }) => one)).toEqual(["AC1"]);
    expect(tasks.map(({ id: key, status, writes }) => [key, status, writes])).toEqual([
      ["page-0-0", "withdrawn", []],
      ["mine", "completed", []],
    ]);
  });

  test("that edits a plan into one that can't be carried out says why, and the plan still waits", async () => {
    const id = await held("plan");
    const edit = { verb: "edit", tasks: [{ ...aTask("mine"), depends_on: ["nobody"] }] };
    const problem = await problemIn(await answerShown(`${id}:ap1`, edit));
    expect(problem).toMatchObject({ status: 422, code: "invalid_edit" });
    expect(problem.errors.map(({ detail: why }) => why).join()).toContain("nobody");
    expect(await problemIn(await answerShown(`${id}:ap1`, { verb: "edit" }))).toMatchObject({
      code: "invalid_edit",
    });
    expect(await detail(`${id}:ap1`)).toMatchObject({ status: "open" });
  });

  test.each([
    [{ verb: "approve" }, "/shown"],
    [{ verb: "agree", shown: "x" }, "/verb"],
    [{ verb: "approve", shown: "x", criteria: [] }, "/criteria"],
    [{ verb: "reject", shown: "x", tasks: [aTask("a")] }, "/tasks"],
    [{ verb: "edit", shown: "x", tasks: [{ ...aTask("a"), write: [] }] }, "/tasks/0/write"],
    [{ verb: "edit", shown: "x", criteria: [{ id: "AC1", text: "x", level: "must" }] }, "/criteria/0/check"],
    [
      {
        verb: "edit",
        shown: "x",
        criteria: [
          { id: "AC1", text: "x", level: "must", check: { kind: "rubric", question: "?", sure: true } },
        ],
      },
      "/criteria/0/check/sure",
    ],
    [{ verb: "approve", shown: "x", comment: "hello" }, "/comment"],
  ])("%j is refused at %s", async (body, pointer) => {
    const problem = await problemIn(await respond("wf_1:ap1", body));
    expect(problem).toMatchObject({ status: 422, code: "invalid_request" });
    expect(problem.errors.map((error) => error.pointer)).toContain(pointer);
  });

  test("that rejects ends the workflow, which no resume begins again", async () => {
    const id = await held("plan");
    const rejected = await answerShown(`${id}:ap1`, { verb: "reject", note: "Not this." });
    expect(await rejected.json()).toMatchObject({
      status: "failed",
      error: { code: "rejected", message: "Not this." },
    });
    await api.closed(id, headers["x-tenant-id"]);
    const resumed = await api.post(`/api/v1/workflows/${id}/resume`, {}, headers);
    expect(resumed.status).toBe(409);
  });

  test("is repeated under the same idempotency key without being given twice", async () => {
    const id = await held("plan");
    const body = { verb: "approve", shown: (await detail(`${id}:ap1`)).shown };
    const keyed = { "idempotency-key": "once" };
    const first = await respond(`${id}:ap1`, body, keyed);
    const second = await respond(`${id}:ap1`, body, keyed);
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(second.headers.get("idempotency-replayed")).toBe("true");
    expect(await second.text()).toBe(await first.text());
  });
});

test("a workflow at a gate is answered, not resumed; both gates ask in turn", async () => {
  const id = await held("delivery", "plan");
  const resumed = await api.post(`/api/v1/workflows/${id}/resume`, {}, headers);
  expect(await problemIn(resumed)).toMatchObject({ status: 409, code: "approval_needed" });
  expect((await answerShown(`${id}:ap1`, { verb: "approve" })).status).toBe(200);
  await asked(id);
  expect(await detail(`${id}:ap2`)).toMatchObject({
    gate: "delivery",
    subject: { action: "api-response", verdict: "verified" },
  });
  expect((await answerShown(`${id}:ap2`, { verb: "approve" })).status).toBe(200);
  await api.closed(id, headers["x-tenant-id"]);
});

test("an approval whose workflow was cancelled is closed without an answer", async () => {
  const id = await held("plan");
  await api.post(`/api/v1/workflows/${id}/cancel`, {}, headers);
  expect(await detail(`${id}:ap1`)).toMatchObject({ status: "closed", shown: null, answer: null });
  expect((await list()).data).toEqual([]);
});

test("an approval that comes too late is refused, a rejection is not", async () => {
  const late = await openApi({
    config: { workflow: { default_model: "fake/small", gates: ["plan"], approval_expires_s: 60 } as never },
  });
  checkWork(late, () => []);
  const { id } = await late.create();
  await late.reached(id, "approval.requested");
  // The engine's clock can't be moved from here, so the question is made older where it is stored.
  await age(late, id);
  const shown = (await (await late.call(`/api/v1/approvals/${id}:ap1`)).json()) as ApprovalDetail;
  expect(shown.expires_at).toBe("2026-01-01T00:01:00.000Z");
  const answerWith = (verb: string) =>
    late.post(`/api/v1/approvals/${id}:ap1/respond`, { verb, shown: shown.shown });
  expect(await problemIn(await answerWith("approve"))).toMatchObject({
    status: 409,
    code: "approval_expired",
  });
  expect((await answerWith("reject")).status).toBe(200);
  await late.close();
});

async function age({ storage, engine }: Api, id: string): Promise<void> {
  const principal = { tenant_id: "default", actor: "test" };
  const { head, approvals } = await engine.load(principal, id);
  const body = { ...approvals.get("ap1"), requested_at: "2026-01-01T00:00:00.000Z" };
  const result = await storage.forTenant("default").commit(
    aCommit({
      tenant_id: "default",
      workflow_id: id,
      expected_version: head.version,
      head,
      parts: [{ kind: "approval", key: "ap1", body }],
    }),
  );
  if (!result.ok) throw new Error(`not aged: ${result.code}`);
}

describe("a waiver", () => {
  async function failed(): Promise<string> {
    checkWork(api, () => ["AC1"]);
    const created = await api.post("/api/v1/workflows", { request: "A page.", max_qa_retries: 0 }, headers);
    const { id } = (await created.json()) as WorkflowView;
    await api.closed(id, headers["x-tenant-id"]);
    checkWork(api, () => []);
    return id;
  }
  const waive = (id: string, what: string, body: object = { reason: "Later." }) =>
    api.post(`/api/v1/workflows/${id}/${what}/waive`, body, headers);

  test("of a criterion takes its findings along, and lets the workflow be resumed", async () => {
    const id = await failed();
    const answered = await waive(id, "criteria/AC1", { reason: "  Comes later. " });
    expect(answered.status).toBe(200);
    const view = WorkflowView.strict().parse(await answered.json());
    expect(view.criteria).toMatchObject([
      { id: "AC1", verdict: "unmet", waived: "Comes later." },
      { waived: null },
    ]);
    expect(view.findings).toMatchObject([{ criterion: "AC1", status: "waived", resolution: "Comes later." }]);
    expect((await api.post(`/api/v1/workflows/${id}/resume`, {}, headers)).status).toBe(200);
  });

  test("of a finding settles it", async () => {
    const id = await failed();
    const answered = await waive(id, "findings/f1");
    expect(await answered.json()).toMatchObject({ findings: [{ id: "f1", status: "waived" }] });
  });

  test.each([
    ["criteria/AC9", { reason: "x" }, 404, "unknown_criterion"],
    ["criteria/__proto__", { reason: "x" }, 404, "unknown_criterion"],
    ["findings/f9", { reason: "x" }, 404, "unknown_finding"],
    ["criteria/AC1", { reason: "  " }, 422, "invalid_request"],
    ["criteria/AC1", {}, 422, "invalid_request"],
    ["findings/f1", { reason: "x", force: true }, 422, "invalid_request"],
  ])("of %s with %j is refused", async (what, body, status, code) => {
    const id = await failed();
    expect(await problemIn(await waive(id, what, body))).toMatchObject({ status, code });
  });

  test.each(["criteria/AC1", "findings/f1"])("of another tenant's %s is like that of none", async (what) => {
    const id = await failed();
    headers = { "x-tenant-id": "stranger" };
    expect(await problemIn(await waive(id, what))).toMatchObject({ status: 404, code: "workflow_not_found" });
  });
});

describe("a workflow is created", () => {
  test.each([
    [{ gates: ["qa"] }, "/gates/0"],
    [{ gates: "plan" }, "/gates"],
    [{ workspace: "/srv/repo" }, "/workspace"],
    [{ workspace: { repo: "", branch: "main" } }, "/workspace/branch"],
    [{ workspace: { repo: "" } }, "/workspace/repo"],
    [{ tools: { tester: [] } }, "/tools/tester"],
    [{ tools: { qa: "all" } }, "/tools/qa"],
  ])("not with %j", async (wrong, pointer) => {
    const refused = await api.post("/api/v1/workflows", { request: "A page.", ...wrong }, headers);
    const problem = await problemIn(refused);
    expect(problem).toMatchObject({ status: 422, code: "invalid_request" });
    expect(problem.errors.map((error) => error.pointer)).toContain(pointer);
  });

  test("from a repository only where the configuration allows it", async () => {
    const body = { request: "A page.", workspace: { repo: "/etc" } };
    const problem = await problemIn(await api.post("/api/v1/workflows", body, headers));
    expect(problem).toMatchObject({ status: 422, code: "invalid_workspace" });
    expect(problem.errors).toMatchObject([{ pointer: "/workspace/repo" }]);
  });

  test("with tools by role, which it tells; null takes the configured ones", async () => {
    const body = { request: "A page.", tools: { qa: ["read_file"] }, gates: null, workspace: null };
    const created = await api.post("/api/v1/workflows", body, headers);
    expect(created.status).toBe(201);
    expect(await created.json()).toMatchObject({ tools: { qa: ["read_file"] }, gates: [], workspace: null });
  });
});
