import { hash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readlinkSync } from "node:fs";
import { type IncomingMessage, request as httpRequest } from "node:http";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { BundleFormat } from "../../src/bundle/build-bundle.ts";
import { Unpacked } from "../../src/bundle/unpacked.testsuite.ts";
import { WorkflowView } from "../../src/contract/workflow-view.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { createDeliveryExecutor } from "../../src/engine/executors/delivery-executor.ts";
import type { StepOutcome } from "../../src/engine/step-executor.ts";
import { checkWork, contentOf, OLD, PAGE, quietReviewer } from "./checked-workflow.ts";
import { type Api, openApi, problemIn } from "./open-api.ts";

const FORMATS: readonly BundleFormat[] = ["zip", "tar.gz"];

let api: Api;
/** Delivered as an archive. */
let packed: WorkflowView;
/** How often the contents of a tree were gathered. */
let gathered = 0;

beforeAll(async () => {
  api = await openApi({
    wrap: (parts) => ({ ...parts, engine: counting(parts.engine) }),
  });
  quietReviewer(api);
  const { deliveryActions: actions } = api.parts;
  const secrets = api.parts.secrets as unknown as Parameters<typeof createDeliveryExecutor>[0]["secrets"];
  Object.assign(api.script.executors, { delivery: createDeliveryExecutor({ actions, secrets }) });
  packed = await delivered("artifact-bundle", { failing: (cycle) => (cycle === 0 ? ["AC1"] : []) });
});
afterAll(() => api.close());

function counting(engine: Engine): Engine {
  const gather: Engine["deliverable"] = async (...asked) => {
    gathered += 1;
    return engine.deliverable(...asked);
  };
  return new Proxy(engine, {
    get: (target, name) => {
      if (name === "deliverable") return gather;
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

type Work = { readonly failing?: (cycle: number) => readonly string[]; readonly retries?: number };

async function delivered(action: string, { failing = () => [], retries }: Work = {}): Promise<WorkflowView> {
  checkWork(api, failing);
  const answer = await api.post("/api/v1/workflows", {
    request: "Write a page.",
    delivery: { action, config: {} },
    ...(retries === undefined ? {} : { max_qa_retries: retries }),
  });
  const { id } = (await answer.json()) as WorkflowView;
  await api.closed(id);
  return read(id);
}

async function read(id: string): Promise<WorkflowView> {
  return WorkflowView.strict().parse(await (await api.call(`/api/v1/workflows/${id}`)).json());
}

const get = (id: string, format: BundleFormat, headers: Record<string, string> = {}) =>
  api.call(`/api/v1/workflows/${id}/bundle?format=${format}`, { headers });

async function bytesOf(answer: Response): Promise<Buffer> {
  return Buffer.from(await answer.arrayBuffer());
}

async function manifestOf(id: string): Promise<Record<string, unknown>> {
  const answer = await get(id, "tar.gz");
  await using unpacked = await Unpacked.from(await bytesOf(answer), "tar.gz");
  await unpacked.verify();
  return JSON.parse(await unpacked.read("manifest.json")) as Record<string, unknown>;
}

describe.each(FORMATS)("a bundle as %s", (format) => {
  test("is behind the link of its delivery, is what the receipt says, and verifies", async () => {
    const { delivery } = packed;
    expect(delivery).toMatchObject({ status: "delivered", action: "artifact-bundle" });
    const link = delivery?.links.find((each) => each.endsWith(`format=${format}`));
    const answer = await api.call(link ?? "no link");
    expect(answer.status).toBe(200);
    const bytes = await bytesOf(answer);
    const sum = hash("sha256", bytes, "hex");
    expect(delivery?.metadata).toContainEqual({ name: `${format} sha256`, value: sum });
    expect(delivery?.metadata).toContainEqual({ name: `${format} bytes`, value: String(bytes.length) });
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      etag: `"${sum}"`,
      "content-length": String(bytes.length),
      "content-type": format === "zip" ? "application/zip" : "application/gzip",
      "content-disposition": expect.stringMatching(
        /^attachment; filename="[a-z0-9-]+\.(zip|tar\.gz)"; filename\*=/,
      ),
      "accept-ranges": "bytes",
      "x-content-type-options": "nosniff",
      "cache-control": "private, no-cache",
    });
    await using unpacked = await Unpacked.from(bytes, format);
    expect(await unpacked.verify()).toHaveLength(3);
    expect(await unpacked.read(`files/${PAGE}`)).toBe(contentOf(1));
    const manifest = JSON.parse(await unpacked.read("manifest.json")) as unknown;
    expect(manifest).toMatchObject({
      workflow: { id: packed.id, request: "Write a page." },
      verdict: "verified",
      criteria: [
        { id: "AC1", verdict: "met", receipt: "r3" },
        { id: "AC2", verdict: "met", receipt: "r4" },
      ],
      receipts: [{ id: "r3", command: "node --test AC1", exit_code: 0 }, { id: "r4" }],
      files: [{ path: PAGE, sha256: hash("sha256", contentOf(1), "hex"), changed: true }],
    });
  });

  test("can be had in parts", async () => {
    const whole = await bytesOf(await get(packed.id, format));
    const etag = `"${hash("sha256", whole, "hex")}"`;
    const made = gathered;
    const begun = whole.subarray(0, 100);
    const rest = await get(packed.id, format, { range: `bytes=${begun.length}-`, "if-range": etag });
    expect(rest.status).toBe(206);
    expect(rest.headers.get("content-range")).toBe(
      `bytes ${begun.length}-${whole.length - 1}/${whole.length}`,
    );
    expect(Buffer.concat([begun, await bytesOf(rest)]).equals(whole)).toBe(true);
    const middle = await get(packed.id, format, { range: "bytes=10-19" });
    expect(middle.headers.get("content-length")).toBe("10");
    expect((await bytesOf(middle)).equals(whole.subarray(10, 20))).toBe(true);
    const end = await bytesOf(await get(packed.id, format, { range: "bytes=-7" }));
    expect(end.equals(whole.subarray(-7))).toBe(true);
    expect(gathered).toBe(made);
  });

  test.each([
    ["another ETag", { range: "bytes=5-", "if-range": '"other"' }],
    ["a weak ETag", { range: "bytes=5-", "if-range": 'W/"other"' }],
    ["several ranges", { range: "bytes=0-1,3-4" }],
    ["nonsense", { range: "pages=1-2" }],
  ])("is whole for %s", async (_, headers) => {
    const answer = await get(packed.id, format, headers);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-range")).toBeNull();
    expect(String((await bytesOf(answer)).length)).toBe(answer.headers.get("content-length"));
  });

  test("has no bytes beyond its end", async () => {
    const whole = await bytesOf(await get(packed.id, format));
    const answer = await get(packed.id, format, { range: `bytes=${whole.length}-` });
    expect(answer.headers.get("content-range")).toBe(`bytes */${whole.length}`);
    expect(await problemIn(answer)).toMatchObject({ status: 416, code: "range_not_satisfiable" });
  });

  test("is not sent again to those who have it, and a HEAD tells its size", async () => {
    const path = `/api/v1/workflows/${packed.id}/bundle?format=${format}`;
    const head = await api.call(path, { method: "HEAD", headers: { range: "bytes=5-" } });
    const etag = head.headers.get("etag") ?? "";
    const whole = await bytesOf(await get(packed.id, format));
    expect(head.status).toBe(200);
    expect(head.headers.get("content-length")).toBe(String(whole.length));
    expect((await bytesOf(head)).length).toBe(0);
    const again = await get(packed.id, format, { "if-none-match": `"x", W/${etag}`, range: "bytes=5-" });
    expect(again.status).toBe(304);
    expect(again.headers.get("etag")).toBe(etag);
  });
});

test("a large download that is cut goes on where it was, and nothing stays open after the end", async () => {
  const own = await openApi();
  quietReviewer(own);
  checkWork(own, () => []);
  const content = randomBytes(6 * 1024 ** 2).toString("base64");
  Object.assign(own.script.executors, { task: () => Promise.resolve(written(content)) });
  const { id } = await own.create();
  await own.closed(id);
  const url = `${own.url}/api/v1/workflows/${id}/bundle?format=tar.gz`;
  const others = openBundles();
  const begun = await cutDownload(url);
  expect(openBundles()).toBe(others + 1);
  expect((await fetch(url, { method: "HEAD" })).headers.get("etag")).toBe(begun.etag);
  const headers = { range: `bytes=${begun.bytes.length}-`, "if-range": begun.etag };
  const rest = await fetch(url, { headers });
  expect(rest.status).toBe(206);
  const bytes = Buffer.concat([begun.bytes, await bytesOf(rest)]);
  expect(`"${hash("sha256", bytes, "hex")}"`).toBe(begun.etag);
  await own.close();
  await expect.poll(openBundles).toBe(others);
});

function written(content: string): StepOutcome {
  const blob = { hash: hash("sha256", content, "hex"), content };
  const size = Buffer.byteLength(content);
  const artifact = { path: "large.txt", kind: "data", description: "Large.", hash: blob.hash, size } as const;
  const output = { artifacts: [artifact], deleted: [], summary: "Written." };
  return { ok: true, result: { kind: "role", role: "implementer", output }, blobs: [blob] };
}

/** The beginning of a download whose connection is cut while the server still sends. */
async function cutDownload(url: string): Promise<{ readonly bytes: Buffer; readonly etag: string }> {
  const request = httpRequest(url, { agent: false });
  const responded = once(request, "response");
  request.end();
  const [answer] = (await responded) as [IncomingMessage];
  const pieces: Buffer[] = [];
  for await (const piece of answer as AsyncIterable<Buffer>) {
    pieces.push(piece);
    if (pieces.length === 3) break;
  }
  return { bytes: Buffer.concat(pieces), etag: answer.headers.etag ?? "" };
}

/** Archives that this process holds open; they have no name any more. */
function openBundles(): number {
  return readdirSync("/proc/self/fd").filter((fd) => linkOf(fd).endsWith(".bundle (deleted)")).length;
}

function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return ""; // the one by which the directory was read
  }
}

test("a later delivery elsewhere leaves the sums of the receipt true", async () => {
  const { id } = await delivered("artifact-bundle");
  const before = (await get(id, "zip")).headers.get("etag");
  const again = await api.post(`/api/v1/workflows/${id}/deliveries`, {
    delivery: { action: "api-response", config: {} },
  });
  expect(again.status).toBe(200);
  await expect
    .poll(async () => (await read(id)).delivery)
    .toMatchObject({
      action: "api-response",
      status: "delivered",
    });
  expect((await get(id, "zip")).headers.get("etag")).toBe(before);
});

test("of a workflow that failed it holds the best tree, and says that it was rejected", async () => {
  const { id, status } = await delivered("artifact-bundle", {
    failing: (cycle) => (cycle === 0 ? ["AC1"] : ["AC1", "AC2"]),
    retries: 1,
  });
  expect(status).toBe("failed");
  const manifest = await manifestOf(id);
  expect(manifest).toMatchObject({ verdict: "rejected" });
  expect(manifest["files"]).toMatchObject([
    { path: PAGE, sha256: hash("sha256", contentOf(0), "hex") },
    { path: OLD },
  ]);
});

test("of a workflow that runs it holds what is there, which nobody has judged", async () => {
  checkWork(api, () => []);
  const release = api.script.hold("qa");
  const { id } = await api.create();
  await api.reached(id, "role.started", "qa");
  expect(await manifestOf(id)).toMatchObject({ verdict: null, criteria: [{ verdict: "unknown" }, {}] });
  release();
  await api.closed(id);
  expect(await manifestOf(id)).toMatchObject({ verdict: "verified" });
});

test.each([
  ["of an unknown workflow", "wf_unknown/bundle", {}, 404, "workflow_not_found"],
  ["of what is no id", "..%2f..%2fetc/bundle", {}, 404, "workflow_not_found"],
  ["of another tenant", "ID/bundle", { "x-tenant-id": "other" }, 404, "workflow_not_found"],
  ["in an unknown format", "ID/bundle?format=rar", {}, 422, "invalid_request"],
  ["with unknown words", "ID/bundle?formats=zip", {}, 422, "invalid_request"],
  ["of an unknown delivery", "ID/deliveries/d99/documents/a.md", {}, 404, "delivery_not_found"],
  [
    "of a delivery by a word of JavaScript",
    "ID/deliveries/__proto__/documents/a",
    {},
    404,
    "delivery_not_found",
  ],
  [
    "of another tenant's delivery",
    "ID/deliveries/d1/documents/a.md",
    { "x-tenant-id": "other" },
    404,
    "workflow_not_found",
  ],
])("nothing is served %s", async (_, path, headers, status, code) => {
  const answer = await api.call(`/api/v1/workflows/${path.replace("ID", packed.id)}`, { headers });
  expect(await problemIn(answer)).toMatchObject({ status, code });
});

describe("documents", () => {
  test("are behind the links of their delivery, in a form that runs nowhere", async () => {
    const { delivery } = await delivered("markdown-export");
    expect(delivery?.links.map((link) => link.split("/").at(-1))).toEqual(["export.md", "export.html"]);
    const [markdown, page] = await Promise.all((delivery?.links ?? []).map((link) => api.call(link)));
    const policy = "sandbox; default-src 'none'; style-src 'unsafe-inline'";
    expect(Object.fromEntries(markdown!.headers)).toMatchObject({
      "content-type": "text/markdown; charset=utf-8",
      "content-disposition": expect.stringMatching(/^inline; filename="export\.md"/),
      "content-security-policy": policy,
      "x-content-type-options": "nosniff",
    });
    expect(Object.fromEntries(page!.headers)).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "content-disposition": expect.stringMatching(/^attachment; filename="export\.html"/),
      "content-security-policy": policy,
    });
    expect(await markdown!.text()).toContain("```html\n<script>alert(1)</script>\n");
    expect(await page!.text()).not.toContain("<script>");
    const etag = markdown!.headers.get("etag") ?? "";
    const again = await api.call(delivery!.links[0]!, { headers: { "if-none-match": etag } });
    expect(again.status).toBe(304);
    const missing = await api.call(delivery!.links[0]!.replace("export.md", "export.pdf"));
    expect(await problemIn(missing)).toMatchObject({ status: 404, code: "document_not_found" });
  });
});
