import { readFile } from "node:fs/promises";

import { afterAll, beforeAll, expect, test } from "vitest";

import { openapiDocument, ROUTES } from "../../src/contract/openapi-document.ts";
import type { StepOutcome } from "../../src/engine/step-executor.ts";
import { createServer } from "../../src/server/create-server.ts";
import { aCommit, aMessage } from "../../src/storage/testsuite/a-commit.ts";
import { type Api, openApi } from "./open-api.ts";
import { answered, plant, STEP_ID } from "./planted-calls.ts";
import { CITATION } from "./scripted-workflow.ts";

let api: Api;
beforeAll(async () => {
  const secrets = { key: "0f".repeat(32), previous_key: null, environment: [] };
  api = await openApi({ config: { secrets } });
  Object.assign(api.script.executors, { delivery: () => Promise.resolve(DOCUMENTED) });
});
afterAll(() => api.close());

const DOCUMENT = { name: "fake", media_type: "text/markdown", hash: "a-document", size: 1 };
/** A delivery that has made a document. */
const DOCUMENTED: StepOutcome = {
  ok: true,
  result: {
    kind: "delivery",
    receipt: { action: "doc-draft", links: [], metadata: [], documents: [DOCUMENT] },
  },
  blobs: [{ hash: DOCUMENT.hash, content: "a" }],
};

/** Redirects for programs written against go-orca, and to the reference: they have no contract of their own. */
const FORMER = ["/workflows", "/providers", "/tenants", "/scopes", "/customizations"];
const UNDOCUMENTED = new Set([
  "/",
  "/docs",
  "/docs/",
  "/docs/openapi.yaml",
  ...FORMER.flatMap((path) => [path, `${path}/*`]),
]);

function documented(): string[] {
  return Object.entries(openapiDocument().paths ?? {}).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
}

test("every route of the server is documented and every documented route is served", () => {
  const served = createServer(api.parts)
    .routes.filter(({ method, path }) => method !== "ALL" && !UNDOCUMENTED.has(path))
    .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)(\{[^}]*\})?/g, "{$1}")}`);
  expect([...new Set(served)].toSorted()).toEqual(documented().toSorted());
});

test.each(ROUTES)("$method $path is alive", async ({ method, path, responses }) => {
  const { id } = await api.create();
  await api.closed(id);
  const planted = path.includes("{attempt}") ? `wf_alive` : id;
  if (planted !== id) await plant(api, { id: planted, calls: [answered()] });
  if (path.includes("{message_id}")) await plantMessage();
  const approval = path.includes("{approval_id}") ? await askForApproval() : { id: "", shown: "" };
  const target = path
    .replace("{id}", planted)
    .replace("{step_id}", planted === id ? "director" : STEP_ID)
    .replace("{attempt}/{ordinal}", "1/1")
    .replace("{artifact_id}", "a1")
    .replace("{receipt_id}", "r1")
    .replace("{criterion_id}", "AC1")
    .replace("{finding_id}", "f1")
    .replace("{approval_id}", approval.id)
    .replace("{message_id}", aMessage().id)
    .replace("{path}", encodeURIComponent(CITATION.path))
    .replace("{name}", "fake")
    .replace("{delivery_id}", "d1")
    .replace("{file}", "swagger-ui.css")
    .replace("{code}", "no_model");
  const query = path.endsWith("/diff") ? "?from=cycle-0&to=latest" : "";
  const answer =
    method === "get"
      ? await api.call(target + query)
      : await api.call(target, {
          method: method.toUpperCase(),
          headers: { "content-type": "application/json" },
          body: JSON.stringify(bodyOf(path, approval.shown)) ?? null,
        });
  await answer.body?.cancel();
  const steering = /\/(pause|resume|cancel|waive|skip)$/.test(path);
  expect(answer.status).toBeLessThan(steering ? 410 : 300);
  expect(Object.keys(responses).map(Number)).toContain(answer.status);
});

function bodyOf(path: string, shown: string): object | undefined {
  if (path.endsWith("/workflows")) return { request: "Alive?" };
  if (/\/(waive|skip)$/.test(path)) return { reason: "Not needed." };
  if (path.endsWith("/secrets/{name}")) return { value: "a value for it" };
  return path.endsWith("/respond") ? { verb: "approve", shown } : undefined;
}

async function plantMessage(): Promise<void> {
  const commit = aCommit({ tenant_id: "default", workflow_id: "wf_told", messages: [aMessage()] });
  expect(await api.storage.forTenant("default").commit(commit)).toEqual({ ok: true });
}

/** A workflow that waits at the plan gate: the id of its approval, and what is shown. */
async function askForApproval(): Promise<{ readonly id: string; readonly shown: string }> {
  const created = await api.post("/api/v1/workflows", { request: "May I?", gates: ["plan"] });
  const { id } = (await created.json()) as { id: string };
  const asked = `/api/v1/approvals/${id}:ap1`;
  await expect.poll(async () => (await api.call(asked)).status).toBe(200);
  const { shown } = (await (await api.call(asked)).json()) as { shown: string };
  return { id: `${id}:ap1`, shown };
}

test("the served document is the generated one", async () => {
  const served: unknown = await (await api.call("/api/v1/openapi.json")).json();
  expect(served).toEqual(JSON.parse(JSON.stringify(openapiDocument())));
});

test("every reference in the document leads somewhere", () => {
  const document = openapiDocument();
  const names = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(
    (match) => match[1],
  );
  expect(names.length).toBeGreaterThan(20);
  const known = Object.keys(document.components?.schemas ?? {});
  for (const name of names) expect(known).toContain(name);
});

test("docs/openapi.json is current; `npm run -s docs:openapi` writes it", async () => {
  const committed: unknown = JSON.parse(await readFile("docs/openapi.json", "utf8"));
  expect(committed).toEqual(JSON.parse(JSON.stringify(openapiDocument())));
});
