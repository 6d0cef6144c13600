import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { FileView } from "../../src/contract/file-view.ts";
import { ReceiptView } from "../../src/contract/receipt-view.ts";
import { WorkflowView } from "../../src/contract/workflow-view.ts";
import { OrcaError } from "../../src/core/orca-error.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { checkWork, contentOf, OLD, PAGE, quietReviewer } from "./checked-workflow.ts";
import { type Api, openApi, problemIn } from "./open-api.ts";

let api: Api;
/** Fails in cycle 0, verified in cycle 1. */
let mended: string;
/** Fails more in cycle 1 than in cycle 0. */
let worse: string;

beforeAll(async () => {
  api = await openApi();
  quietReviewer(api);
  checkWork(api, (cycle) => (cycle === 0 ? ["AC1"] : []));
  mended = (await api.create()).id;
  await api.closed(mended);
  checkWork(api, (cycle) => (cycle === 0 ? ["AC1"] : ["AC1", "AC2"]));
  const answer = await api.post("/api/v1/workflows", { request: "Worse.", max_qa_retries: 1 });
  worse = ((await answer.json()) as WorkflowView).id;
  await api.closed(worse);
});
afterAll(() => api.close());

type List<Row> = { data: Row[]; next_cursor: string | null };

async function json<T>(path: string): Promise<T> {
  const answer = await api.call(`/api/v1/workflows${path}`);
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

describe("what the engine saw", () => {
  test("receipts are listed by age, and can be had by cycle and by criterion", async () => {
    const { data } = await json<List<unknown>>(`/${mended}/receipts`);
    const receipts = data.map((one) => ReceiptView.strict().parse(one));
    expect(receipts.map(({ id, cycle, criterion, status }) => [id, cycle, criterion, status])).toEqual([
      ["r1", 0, "AC1", "failed"],
      ["r2", 0, "AC2", "passed"],
      ["r3", 1, "AC1", "passed"],
      ["r4", 1, "AC2", "passed"],
    ]);
    const ids = async (query: string) =>
      (await json<List<ReceiptView>>(`/${mended}/receipts?${query}`)).data.map(({ id }) => id);
    expect(await ids("cycle=1")).toEqual(["r3", "r4"]);
    expect(await ids("criterion=AC1")).toEqual(["r1", "r3"]);
    expect(await ids("cycle=0&criterion=AC2")).toEqual(["r2"]);
    expect(await ids("cycle=7")).toEqual([]);
    const first = await json<List<ReceiptView>>(`/${mended}/receipts?criterion=AC1&limit=1`);
    expect(first.data.map(({ id }) => id)).toEqual(["r1"]);
    expect(await ids(`criterion=AC1&limit=1&cursor=${first.next_cursor}`)).toEqual(["r3"]);
  });

  test("one receipt is read by its id", async () => {
    expect(ReceiptView.strict().parse(await json(`/${mended}/receipts/r1`))).toMatchObject({
      id: "r1",
      command: "node --test AC1",
      exit_code: 1,
      output_tail: "not ok 1\n",
    });
  });

  test.each([
    ["/receipts/r9", 404, "receipt_not_found"],
    ["/receipts/__proto__", 404, "receipt_not_found"],
    ["/receipts?cycle=one", 422, "invalid_request"],
    ["/receipts?status=failed", 422, "invalid_request"],
  ])("%s is refused", async (path, status, code) => {
    expect(await problemIn(await api.call(`/api/v1/workflows/${mended}${path}`))).toMatchObject({
      status,
      code,
    });
  });

  test("the workflow says what was decided, by what, and how it stands", async () => {
    const view = WorkflowView.strict().parse(await json(`/${mended}`));
    expect(view).toMatchObject({
      status: "completed",
      verdict: "verified",
      gates: [],
      approval: null,
      workspace: null,
      imported: null,
      progress: { best: { cycle: 1, open_musts: 0, blocking: 0 }, stagnant: 0, stall_patience: 2 },
    });
    expect(view.criteria).toMatchObject([
      {
        id: "AC1",
        level: "must",
        text: "AC1 holds.",
        check: { kind: "command", command: "node --test AC1" },
        verdict: "met",
        decided_by: "check",
        receipt: "r3",
        waived: null,
      },
      { id: "AC2", receipt: "r4" },
    ]);
    expect(view.findings).toMatchObject([
      {
        criterion: "AC1",
        status: "resolved",
        evidence_class: "reproduced",
        receipt: "r1",
        resolved_in_cycle: 1,
      },
    ]);
    expect(view.findings[0]?.fingerprint).not.toBe("");
  });

  test("a criterion that nobody has judged is listed without a verdict", async () => {
    const release = api.script.hold("qa");
    const { id } = await api.create();
    await api.reached(id, "role.started", "qa");
    const { criteria, verdict } = await json<WorkflowView>(`/${id}`);
    expect({ verdict, criteria }).toMatchObject({
      verdict: null,
      criteria: [{ id: "AC1", verdict: null, decided_by: null, cycle: null }, { id: "AC2" }],
    });
    release();
    await api.closed(id);
  });
});

describe("differences", () => {
  test("between two cycles are a unified diff", async () => {
    const answer = await api.call(`/api/v1/workflows/${mended}/diff?from=cycle-0&to=cycle-1`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("text/x-diff; charset=utf-8");
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    const diff = await answer.text();
    expect(diff).toContain("-version 0\n+version 1\n");
    expect(diff).toContain(`--- a/${OLD}\n+++ /dev/null`);
    const open = await api.call(`/api/v1/workflows/${mended}/diff?from=cycle-0`);
    expect(await open.text()).toBe(diff);
    const none = await api.call(`/api/v1/workflows/${mended}/diff?from=cycle-1&to=latest`);
    expect(await none.text()).toBe("");
  });

  test.each([
    ["from=cycle-9&to=latest", 404, "tree_not_found"],
    ["from=cycle-0&to=--output=x", 404, "tree_not_found"],
    ["from=base", 404, "tree_not_found"],
    ["to=latest", 422, "invalid_request"],
  ])("%s is refused", async (query, status, code) => {
    const answer = await api.call(`/api/v1/workflows/${mended}/diff?${query}`);
    expect(await problemIn(answer)).toMatchObject({ status, code });
  });

  test("without git they are unavailable, with the way to it; no repetition helps", async () => {
    const failure = new OrcaError("diff_unavailable", "git was not found. Install it: apt-get install git.");
    const without = await openApi({
      wrap: (parts) => ({ ...parts, engine: withDiff(parts.engine, () => Promise.reject(failure)) }),
    });
    const { id } = await without.create();
    const answer = await without.call(`/api/v1/workflows/${id}/diff?from=cycle-0`);
    expect(await problemIn(answer)).toMatchObject({
      status: 503,
      code: "diff_unavailable",
      detail: failure.message,
      retryable: false,
    });
    await without.close();
  });
});

function withDiff(engine: Engine, diff: Engine["diff"]): Engine {
  return new Proxy(engine, {
    get: (target, name) => {
      if (name === "diff") return diff;
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

describe("the files of a tree", () => {
  test("are those that stand; what was deleted is in earlier trees", async () => {
    const paths = async (query: string) => {
      const { data } = await json<List<unknown>>(`/${mended}/files${query}`);
      return data.map((one) => FileView.strict().parse(one)).map(({ path, revision }) => [path, revision]);
    };
    expect(await paths("")).toEqual([[PAGE, 2]]);
    expect(await paths("?tree=cycle-1")).toEqual([[PAGE, 2]]);
    expect(await paths("?tree=cycle-0")).toEqual([
      [PAGE, 1],
      [OLD, 1],
    ]);
    const { artifacts } = await json<WorkflowView>(`/${mended}`);
    expect(artifacts.map(({ path }) => path)).toEqual([PAGE]);
    const every = await json<List<WorkflowView["artifacts"][number]>>(`/${mended}/artifacts?revisions=all`);
    const deletion = every.data.find(({ deleted }) => deleted);
    expect(deletion).toMatchObject({ path: OLD, revision: 2 });
    expect(await problemIn(await api.call(deletion?.content_url ?? ""))).toMatchObject({
      status: 404,
      code: "artifact_not_found",
    });
  });

  test("the best tree of a failed workflow is named and can be had", async () => {
    const view = await json<WorkflowView>(`/${worse}`);
    expect(view).toMatchObject({
      status: "failed",
      verdict: "rejected",
      progress: { best: { cycle: 0, open_musts: 1 } },
    });
    const { data } = await json<List<FileView>>(
      (view.progress.best?.files_url ?? "").replace("/api/v1/workflows", ""),
    );
    const page = data.find(({ path }) => path === PAGE);
    expect(await (await api.call(page?.content_url ?? "")).text()).toBe(contentOf(0));
    const read = (tree: string) => api.call(`/api/v1/workflows/${worse}/files/${PAGE}?tree=${tree}`);
    expect(await (await read("best")).text()).toBe(contentOf(0));
    expect(await (await read("latest")).text()).toBe(contentOf(1));
  });

  test.each([PAGE, encodeURIComponent(PAGE)])("%s is read as a text that no browser runs", async (path) => {
    const target = `/api/v1/workflows/${mended}/files/${path}`;
    const answer = await api.call(target);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe(contentOf(1));
    const etag = answer.headers.get("etag") ?? "";
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": "text/plain; charset=utf-8",
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
      "content-disposition": expect.stringContaining("p%C3%A1gina.html") as string,
    });
    expect((await api.call(target, { headers: { "if-none-match": etag } })).status).toBe(304);
  });

  test.each([
    [`/files/${OLD}`, "file_not_found"],
    ["/files/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "file_not_found"],
    ["/files/docs", "file_not_found"],
    ["/files/%00", "file_not_found"],
    [`/files/${PAGE}?tree=cycle-5`, "tree_not_found"],
    ["/files?tree=cycle-5", "tree_not_found"],
    ["/files?tree=..", "tree_not_found"],
  ])("%s is not found", async (path, code) => {
    expect(await problemIn(await api.call(`/api/v1/workflows/${mended}${path}`))).toMatchObject({
      status: 404,
      code,
    });
  });

  test("other methods on a path with slashes are named as such", async () => {
    const answer = await api.call(`/api/v1/workflows/${mended}/files/${PAGE}`, { method: "DELETE" });
    expect(answer.status).toBe(405);
    expect(answer.headers.get("allow")).toBe("GET, HEAD");
  });
});

test.each(["/receipts", "/receipts/r1", "/diff?from=cycle-0", "/files", `/files/${PAGE}`])(
  "another tenant's %s is answered like that of an unknown workflow",
  async (path) => {
    const headers = { "x-tenant-id": "stranger", "x-request-id": "same" };
    const ask = async (id: string) => {
      const answer = await api.call(`/api/v1/workflows/${id}${path}`, { headers });
      return { status: answer.status, body: (await answer.text()).replaceAll(id, "ID") };
    };
    const foreign = await ask(mended);
    expect(foreign).toEqual(await ask(`wf_${"0".repeat(32)}`));
    expect(foreign).toMatchObject({
      status: 404,
      body: expect.stringContaining("workflow_not_found") as string,
    });
  },
);
