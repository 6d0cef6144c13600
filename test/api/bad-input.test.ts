import { request as httpRequest } from "node:http";
import { connect } from "node:net";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { PROBLEMS } from "../../src/server/problems.ts";
import { type Api, openApi, problemIn } from "./open-api.ts";

const LIMIT = 4_096;

let api: Api;
beforeAll(async () => {
  api = await openApi({ config: { max_request_bytes: LIMIT } });
});
afterAll(() => api.close());

const WORKFLOWS = "/api/v1/workflows";

function postText(
  body: string | Uint8Array<ArrayBuffer>,
  type: string | null = "application/json",
): Promise<Response> {
  return api.call(WORKFLOWS, {
    method: "POST",
    body,
    headers: type === null ? {} : { "content-type": type },
  });
}

async function expectNothingCreated(): Promise<void> {
  const list = (await (await api.call(WORKFLOWS)).json()) as { data: unknown[] };
  expect(list.data).toEqual([]);
}

function nested(levels: number): string {
  return `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;
}

describe("a body that cannot be read", () => {
  test.each([
    ["malformed JSON", "{oops", "application/json", 400, "malformed_json"],
    ["half of JSON", '{"request":"a"', "application/json", 400, "malformed_json"],
    [
      "bytes that are not UTF-8",
      new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]),
      "application/json",
      400,
      "malformed_text",
    ],
    ["another content type", '{"request":"a"}', "text/plain", 415, "unsupported_media_type"],
    ["a form", "request=a", "application/x-www-form-urlencoded", 415, "unsupported_media_type"],
    [
      "too many bytes",
      JSON.stringify({ request: "x".repeat(LIMIT) }),
      "application/json",
      413,
      "request_too_large",
    ],
    ["absurd JSON depth", "[".repeat(2_000) + "]".repeat(2_000), "application/json", 422, "invalid_request"],
  ] as const)("%s", async (_name, body, type, status, code) => {
    const problem = await problemIn(await postText(body, type));
    expect(problem).toMatchObject({ status, code, type: `/problems/${code}`, instance: WORKFLOWS });
    await expectNothingCreated();
  });

  test("an empty form is no request", async () => {
    expect(await problemIn(await postText("", "application/x-www-form-urlencoded"))).toMatchObject({
      status: 422,
      errors: [{ pointer: "/request" }],
    });
    await expectNothingCreated();
  });

  test("an empty form from another site", async () => {
    const answer = await api.call(`${WORKFLOWS}/wf_1/pause`, {
      method: "POST",
      body: "",
      headers: { "content-type": "application/x-www-form-urlencoded", origin: "https://evil.example" },
    });
    expect(await problemIn(answer)).toMatchObject({ status: 403, code: "cross_origin" });
  });

  test("a body without a content type", async () => {
    const answer = await api.call(WORKFLOWS, {
      method: "POST",
      body: new TextEncoder().encode('{"request":"a"}'),
    });
    expect(await problemIn(answer)).toMatchObject({ status: 415, code: "unsupported_media_type" });
  });

  test("too many bytes of unknown length", async () => {
    const stream = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(1_024).fill(32)),
    });
    const init = {
      method: "POST",
      body: stream,
      duplex: "half",
      headers: { "content-type": "application/json" },
    };
    expect(await problemIn(await api.call(WORKFLOWS, init as RequestInit))).toMatchObject({
      code: "request_too_large",
    });
  });

  test("a body of exactly the limit is read", async () => {
    const rest = JSON.stringify({ request: "", unknown: 1 });
    const body = rest.replace('""', `"${"x".repeat(LIMIT - rest.length)}"`);
    expect(Buffer.byteLength(body)).toBe(LIMIT);
    expect((await postText(body)).status).toBe(422);
  });
});

describe("a body that says something impossible", () => {
  test.each([
    ["an unknown field", { request: "a", constitution_override: {} }, "/constitution_override"],
    ["an unknown field with a slash", { request: "a", "a/b~c": 1 }, "/a~1b~0c"],
    ["a field of the prototype", JSON.parse('{"request":"a","__proto__":1}') as object, "/__proto__"],
    [
      "an unknown field further in",
      { request: "a", delivery: { action: "api-response", to: 1 } },
      "/delivery/to",
    ],
    ["no request", {}, "/request"],
    ["an empty request", { request: "" }, "/request"],
    ["a blank request", { request: " \n\t\u2003" }, "/request"],
    ["a request that is no text", { request: ["a"] }, "/request"],
    ["a NUL character", { request: "a\0b" }, "/request"],
    [
      "a NUL character further in",
      { request: "a", delivery: { action: "x", config: { path: "\0" } } },
      "/delivery/config/path",
    ],
    ["half of a surrogate pair", { request: "a\ud800" }, "/request"],
    ["an unknown mode", { request: "a", mode: "magic" }, "/mode"],
    ["an unknown provider", { request: "a", provider: "nobody" }, "/provider"],
    ["an unknown model", { request: "a", provider: "fake", model: "huge" }, "/model"],
    ["a negative number of retries", { request: "a", max_qa_retries: -1 }, "/max_qa_retries"],
    ["half a retry", { request: "a", max_qa_retries: 0.5 }, "/max_qa_retries"],
    ["a title too long", { request: "a", title: "x".repeat(201) }, "/title"],
    ["a list", [], ""],
  ] as const)("%s", async (_name, body, pointer) => {
    const problem = await problemIn(await api.post(WORKFLOWS, body));
    expect(problem.status).toBe(422);
    expect(problem.errors.map((error) => error.pointer)).toContain(pointer);
    await expectNothingCreated();
  });

  test("every unknown field is named at once", async () => {
    const problem = await problemIn(await api.post(WORKFLOWS, { request: "a", headline: "b", engine: "c" }));
    expect(problem.errors).toEqual([
      { pointer: "/headline", detail: "unknown field" },
      { pointer: "/engine", detail: "unknown field" },
    ]);
  });

  test("a value nested too deep where anything may stand", async () => {
    const body = (levels: number) =>
      `{"request":"a","delivery":{"action":"pigeon","config":${nested(levels)}}}`;
    const problem = await problemIn(await postText(body(63)));
    expect(problem.errors).toEqual([{ pointer: "/delivery", detail: "nested deeper than 64 levels" }]);
    expect(await problemIn(await postText(body(62)))).toMatchObject({ code: "unknown_delivery_action" });
  });

  test("an unknown delivery action", async () => {
    const problem = await problemIn(
      await api.post(WORKFLOWS, { request: "a", delivery: { action: "pigeon" } }),
    );
    expect(problem).toMatchObject({ status: 422, code: "unknown_delivery_action" });
    await expectNothingCreated();
  });

  test.each(["pause", "cancel"])("a field where none belongs: %s", async (verb) => {
    const problem = await problemIn(await api.post(`${WORKFLOWS}/wf_1/${verb}`, { force: true }));
    expect(problem).toMatchObject({ status: 422, errors: [{ pointer: "/force", detail: "unknown field" }] });
  });
});

describe("a query or header that says something impossible", () => {
  test.each([
    ["limit=0", "/query/limit"],
    ["limit=1001", "/query/limit"],
    ["limit=1.5", "/query/limit"],
    ["limit=many", "/query/limit"],
    ["limit=1&limit=2", "/query/limit"],
    ["page_size=5", "/query/page_size"],
    ["status=done", "/query/status/0"],
    ["cursor=%00", "/query/cursor"],
    ["cursor=e30", "/query/cursor"],
    ["cursor=bm9uc2Vuc2U", "/query/cursor"],
  ])("%s", async (query, pointer) => {
    const problem = await problemIn(await api.call(`${WORKFLOWS}?${query}`));
    expect(problem).toMatchObject({ status: 422, code: "invalid_request" });
    expect(problem.errors.map((error) => error.pointer)).toEqual([pointer]);
  });

  test.each([
    ["x-tenant-id", "../etc"],
    ["x-tenant-id", "x".repeat(65)],
    ["x-scope-id", "a b"],
  ])("%s: %s", async (name, value) => {
    const problem = await problemIn(await api.call(WORKFLOWS, { headers: { [name]: value } }));
    expect(problem.errors.map((error) => error.pointer)).toEqual([`/headers/${name}`]);
    expect(problem.status).toBe(422);
  });

  test("an idempotency key that is none", async () => {
    const answer = await api.post(WORKFLOWS, { request: "a" }, { "idempotency-key": "x".repeat(256) });
    expect(await problemIn(answer)).toMatchObject({
      status: 422,
      errors: [{ pointer: "/headers/idempotency-key" }],
    });
    await expectNothingCreated();
  });
});

describe("a path that leads nowhere", () => {
  test.each([
    ["/nowhere", "route_not_found"],
    ["/api/v1/nothing", "route_not_found"],
    ["/api/v1/workflows/wf_1/nothing", "route_not_found"],
    ["/api/v1/docs/../../package.json", "route_not_found"],
    ["/api/v1/docs/package.json", "route_not_found"],
    ["/problems/nothing", "route_not_found"],
    ["/problems/constructor", "route_not_found"],
    ["/api/v1/workflows/wf_unknown", "workflow_not_found"],
    ["/api/v1/workflows/%00", "workflow_not_found"],
    ["/api/v1/workflows/%ff", "workflow_not_found"],
    [`/api/v1/workflows/${"x".repeat(500)}/events`, "workflow_not_found"],
  ])("%s", async (path, code) => {
    expect(await problemIn(await api.call(path))).toMatchObject({ status: 404, code, errors: [] });
  });

  test("a method that a path does not have", async () => {
    const answer = await api.call(`${WORKFLOWS}/wf_1`, { method: "DELETE" });
    expect(answer.headers.get("allow")).toBe("GET, HEAD");
    expect(await problemIn(answer)).toMatchObject({ status: 405, code: "method_not_allowed" });
  });

  test.each([
    ["no HTTP", "nonsense\r\n\r\n", 400],
    ["HTTP/1.1 without Host", "GET /healthz HTTP/1.1\r\n\r\n", 400],
    ["HTTP/1.0 without Host", "GET /healthz HTTP/1.0\r\n\r\n", 400],
    [
      "a header that is too long",
      `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(20_000)}\r\n\r\n`,
      400,
    ],
  ])("%s", async (_name, text, status) => {
    const answer = await raw(api.url, text);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer.toLowerCase()).toContain("content-type: application/problem+json");
    expect(JSON.parse(answer.slice(answer.indexOf("{"), answer.lastIndexOf("}") + 1))).toMatchObject({
      status,
    });
  });
});

describe("who may come in", () => {
  test.each([
    ["evil.example", 403],
    ["evil.example:80", 403],
    ["127.0.0.1.evil.example", 403],
    ["localhost.evil.example", 403],
    ["localhost:1", 200],
    ["127.0.0.2", 200],
    ["[::1]:4700", 200],
    ["LOCALHOST", 200],
  ])("Host %s answers %i", async (host, status) => {
    expect(await statusFor({ host })).toBe(status);
  });

  test.each([
    ["https://evil.example", 403],
    ["null", 403],
    ["http://localhost:1", 403],
  ])("a POST from %s is refused", async (origin) => {
    const problem = await problemIn(await api.post(WORKFLOWS, { request: "a" }, { origin }));
    expect(problem).toMatchObject({ status: 403, code: "cross_origin" });
    await expectNothingCreated();
  });

  test("a POST from the server's own pages is served", async () => {
    expect((await api.post(WORKFLOWS, {}, { origin: api.url })).status).toBe(422);
  });
});

describe("a fault of the server", () => {
  test("says nothing internal, and is logged under the request id", async () => {
    const answer = await api.call("/api/v1/providers/fake/models", { headers: { "x-request-id": "mine-1" } });
    expect(answer.status).toBe(200);
    api.provider.listing = () => Promise.reject(new Error("secret at /home/someone"));
    const failed = await api.call("/api/v1/providers/fake/models", { headers: { "x-request-id": "mine-2" } });
    const problem = await problemIn(failed);
    expect(problem).toMatchObject({
      status: 500,
      code: "internal",
      detail: PROBLEMS.internal.advice,
      request_id: "mine-2",
    });
    expect(failed.headers.get("x-request-id")).toBe("mine-2");
    expect(JSON.stringify(problem)).not.toContain("secret");
    const line = api.logged.find((each) => each.level === "error" && each["request_id"] === "mine-2");
    expect(String(line?.["error"])).toContain("secret");
  });

  test("a request id that could forge a log line is replaced", async () => {
    const answer = await api.call("/healthz", { headers: { "x-request-id": 'a" level="error' } });
    expect(answer.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("the log has one line a request and never a body", async () => {
    await api.post(WORKFLOWS, { request: "the-secret-plan", unknown: 1 }, { "x-request-id": "line-1" });
    const lines = api.logged.filter((line) => line["request_id"] === "line-1");
    expect(lines).toEqual([
      expect.objectContaining({
        level: "info",
        message: "request",
        method: "POST",
        path: WORKFLOWS,
        status: 422,
      }),
    ]);
    expect(JSON.stringify(api.logged)).not.toContain("the-secret-plan");
  });
});

/** `fetch` does not let a caller choose Host. */
async function statusFor({ host }: { host: string }): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  const { hostname, port } = new URL(api.url);
  httpRequest({ hostname, port, path: "/healthz", headers: { host } }, (answer) => {
    answer.resume();
    resolve(answer.statusCode);
  })
    .on("error", reject)
    .end();
  return promise;
}

async function raw(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.write(text);
  let answer = "";
  for await (const chunk of socket) {
    answer += String(chunk);
    if (/\r\n\r\n.*\}/s.test(answer)) break;
  }
  return answer;
}
