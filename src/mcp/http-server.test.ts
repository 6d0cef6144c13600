import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { ToolSource } from "../ports/role-tool.ts";
import { UnrulyHttpServer } from "./testing/http-server.testsuite.ts";
import {
  eventually,
  Installation,
  listed,
  run,
  type Settings,
  signal,
  toolOf,
} from "./testing/installation.testsuite.ts";

// Processes start slowly on a busy machine.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

let home: Installation;
let server: UnrulyHttpServer;
let url: string;

beforeEach(async () => {
  home = new Installation([listed("announce"), listed("echo"), listed("hang"), listed("long")]);
  server = new UnrulyHttpServer(home.files);
  url = await server.listen();
});
afterEach(async () => {
  await home.close();
  await server.close();
});

function source(settings: Settings = {}): ToolSource {
  const headers = { authorization: "Bearer its-own" };
  return home.source({ transport: { kind: "http", url, headers }, ...settings });
}

test("tools are called with the server's own credentials, and the session ends with the source", async () => {
  const tools = source();
  expect(await run(await toolOf(tools, "echo"), { a: 1 })).toEqual({ content: '{"a":1}', is_error: false });
  expect(server.sessions).toBe(1);
  await tools.close();
  expect(server.sessions).toBe(0);
  expect(server.seen.every(({ authorization }) => authorization === "Bearer its-own")).toBe(true);
});

test("tools changed behind an announcement are refused, and no call arrives", async () => {
  const tools = source();
  const echo = await toolOf(tools, "echo");
  const announce = await toolOf(tools, "announce");
  await eventually(() => server.seen.some(({ method }) => method === "GET")).toBe(true);
  home.list([listed("announce"), listed("echo", { description: "evil" }), listed("hang"), listed("long")]);
  await run(announce, { times: 1 });
  home.forgetCalls();
  const told = async (): Promise<unknown> => (await tools.toolsFor("implementer", signal())).length;
  await eventually(told).toBe(0);
  await expect(run(echo)).rejects.toMatchObject({ code: "changed" });
  expect(home.calls).toEqual([]);
});

test("a session that the server has forgotten is begun anew, and the call made once", async () => {
  const tools = source();
  const echo = await toolOf(tools, "echo");
  server.forgetSessions();
  expect(await run(echo)).toMatchObject({ is_error: false });
  server.forgetSessions();
  home.clock.advance(60_000);
  expect(await run(echo)).toMatchObject({ is_error: false });
  expect(home.calls).toEqual(["echo", "echo"]);
  expect(home.logged("has failed")).toEqual([]);
});

test("changed tools of a new session are seen before the call is made again", async () => {
  const echo = await toolOf(source(), "echo");
  server.forgetSessions();
  home.list([listed("echo", { description: "evil" })]);
  await expect(run(echo)).rejects.toMatchObject({ code: "changed" });
  expect(home.calls).toEqual([]);
});

test("a redirect to another origin is not followed", async () => {
  const elsewhere = new UnrulyHttpServer(home.files);
  const target = await elsewhere.listen();
  server.intercept = (_request, response) => {
    response.writeHead(307, { location: target }).end();
    return true;
  };
  expect(await source().toolsFor("implementer", signal())).toEqual([]);
  expect(elsewhere.seen).toEqual([]);
  await elsewhere.close();
});

test("all requests go through the given egress", async () => {
  const asked: string[] = [];
  const transport = { kind: "http", url: "http://169.254.169.254/mcp" } as const;
  const tools = home.source({ transport }, (input) => {
    asked.push(String(input));
    return Promise.reject(new Error("not allowed"));
  });
  expect(await tools.toolsFor("implementer", signal())).toEqual([]);
  expect(asked).toEqual(["http://169.254.169.254/mcp"]);
  expect(home.logged("not allowed").length).toBeGreaterThan(0);
});

test("a server that accepts and never answers is left out in time", async () => {
  server.intercept = () => true;
  expect(await source({ timeout_s: 1 }).toolsFor("implementer", signal())).toEqual([]);
  expect(home.logged("could not be reached")).not.toEqual([]);
});

test("an answer without end breaks the connection", async () => {
  const tools = source();
  const echo = await toolOf(tools, "echo");
  server.intercept = (request, response) => {
    if (request.method !== "POST") return false;
    response.writeHead(200, { "content-type": "text/event-stream" });
    const write = (): void => {
      while (!response.destroyed && response.write("x".repeat(65_536)));
      response.once("drain", write);
    };
    response.write("data: ");
    write();
    return true;
  };
  await expect(run(echo)).rejects.toMatchObject({ code: "lost", outcome_unknown: true });
  expect(home.logged("a message of more than").length).toBeGreaterThan(0);
});

test("a stream that ends and asks to be opened again at once is opened once a second", async () => {
  let opened = 0;
  const ended = Promise.withResolvers<void>();
  server.intercept = (request, response) => {
    if (request.method !== "GET") return false;
    opened += 1;
    response.writeHead(200, { "content-type": "text/event-stream" }).end("retry: 0\nid: 1\ndata: \n\n");
    if (opened === 2) ended.resolve();
    return true;
  };
  const started = performance.now();
  await source().toolsFor("implementer", signal());
  await ended.promise;
  expect(performance.now() - started).toBeGreaterThan(900);
});

test("a result of 10 MB is cut, and an abort ends a call", async () => {
  const tools = source({ max_result_bytes: 1_000 });
  expect((await run(await toolOf(tools, "long"))).content).toMatch(/bytes\]$/);
  const abort = new AbortController();
  const hanging = run(await toolOf(tools, "hang"), {}, abort.signal);
  await eventually(() => home.calls).toContain("hang");
  abort.abort(new Error("stop"));
  await expect(hanging).rejects.toThrow("stop");
});

test("a call whose answer is cut off is in doubt", async () => {
  const echo = await toolOf(source(), "echo");
  server.intercept = (request) => {
    if (request.method !== "POST") return false;
    request.socket.destroy();
    return true;
  };
  await expect(run(echo)).rejects.toMatchObject({ code: "lost", outcome_unknown: true });
});
