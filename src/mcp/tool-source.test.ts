import { existsSync } from "node:fs";

import { afterEach, beforeEach, expect, test, vi } from "vitest";

import {
  eventually,
  Installation,
  isRunning,
  listed,
  run,
  signal,
  toolOf,
} from "./testing/installation.testsuite.ts";

// Processes start slowly on a busy machine.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

let home: Installation;

beforeEach(() => {
  home = new Installation([]);
});
afterEach(async () => {
  await home.close();
});

test("a tool is offered with its schema, checked before it is called, and its result is untrusted", async () => {
  const inputSchema = { type: "object", properties: { path: { type: "string" } }, required: ["path"] };
  home.list([listed("read-file", { inputSchema, annotations: { readOnlyHint: true } })]);
  const tool = await toolOf(home.source(), "read_file");
  expect(tool).toMatchObject({ description: "Does read-file.", semantics: "read", untrusted: true });
  expect(await run(tool, { path: "a.txt" })).toEqual({ content: '{"path":"a.txt"}', is_error: false });
  expect(home.calls).toEqual(["read-file"]);

  const refused = await run(tool, { path: 1 });
  expect(refused).toMatchObject({ is_error: true, content: expect.stringContaining("- path: ") });
  expect(home.calls).toEqual(["read-file"]);
});

test("a role gets the tools that it is allowed, and one that is not named none", async () => {
  home.list(["a", "b", "c"].map((name) => listed(name)));
  const source = home.source({ roles: { implementer: ["a", "missing"], qa: ["b"] } });
  const of = async (role: "implementer" | "qa" | "architect") =>
    (await source.toolsFor(role, signal())).map(({ name }) => name);
  expect(await of("architect")).toEqual([]);
  expect(await of("implementer")).toEqual(["mcp__unruly__a"]);
  expect(await of("qa")).toEqual(["mcp__unruly__b"]);
});

test("semantics: read where the server says so, else ask, and what the operator says holds over both", async () => {
  const readOnly = { annotations: { readOnlyHint: true } };
  home.list([listed("constructor"), listed("look", readOnly), listed("put"), listed("sly", readOnly)]);
  const source = home.source({ semantics: { put: "keyed", sly: "ask" } });
  const tools = await source.toolsFor("implementer", signal());
  expect(tools.map(({ semantics }) => semantics)).toEqual(["ask", "read", "keyed", "ask"]);
});

test("the key goes to keyed tools only", async () => {
  home.list([listed("meta")]);
  const plain = await run(await toolOf(home.source(), "meta"));
  expect(plain.content).not.toContain("w/implementer#1/0");
  const keyed = await run(await toolOf(home.source({ semantics: { meta: "keyed" } }), "meta"));
  expect(JSON.parse(keyed.content)).toMatchObject({ "ts-orca/idempotency_key": "w/implementer#1/0" });
});

test("parts of a result that are not text are named, and errors stay errors", async () => {
  home.list([listed("parts"), listed("structured"), listed("refuse")]);
  const source = home.source();
  expect(await run(await toolOf(source, "parts"))).toEqual({
    content:
      "one\n[image image/png, 5 bytes]\n[link https://a.test/x ]\n[resource file:///y text/plain, 6 bytes]",
    is_error: true,
  });
  expect(await run(await toolOf(source, "structured"))).toEqual({ content: '{"sum":3}', is_error: false });
  expect(await run(await toolOf(source, "refuse"))).toEqual({
    content: "The server refused: not today",
    is_error: true,
  });
});

test("a process of stdio gets nothing of our environment, and ends with all that it has started", async () => {
  home.list([listed("whoami")]);
  process.env["ORCA_TEST_SECRET"] = "canary";
  const source = home.source();
  const { content } = await run(await toolOf(source, "whoami"));
  delete process.env["ORCA_TEST_SECRET"];
  const { pid, child, env, cwd } = JSON.parse(content) as {
    pid: number;
    child: number;
    env: Record<string, string>;
    cwd: string;
  };
  expect(Object.keys(env).toSorted()).toEqual(["HOME", "LANG", "PATH", "TMPDIR"]);
  expect(env["HOME"]).toBe(cwd);
  expect([isRunning(pid), isRunning(child), existsSync(cwd)]).toEqual([true, true, true]);
  await source.close();
  await eventually(() => [isRunning(pid), isRunning(child), existsSync(cwd)]).toEqual([false, false, false]);
  expect(await source.toolsFor("implementer", signal())).toEqual([]);
});

test("one connection serves all roles and steps", async () => {
  home.list([listed("whoami")]);
  const source = home.source({ roles: { implementer: "all", qa: "all" } });
  const [first, second] = await Promise.all([
    source.toolsFor("implementer", signal()),
    source.toolsFor("qa", signal()),
  ]);
  const outputs = [await run(first[0]!), await run(second[0]!)];
  const pids = outputs.map(({ content }) => (JSON.parse(content) as { pid: number }).pid);
  expect(pids[0]).toBe(pids[1]);
});

test("what a server writes to stderr is logged at debug, cleaned and up to a limit", async () => {
  home.list([listed("complain")]);
  await run(await toolOf(home.source(), "complain"));
  await eventually(() => home.logged("says more").length).toBe(1);
  expect(home.logged("woe")).toMatchObject([{ level: "debug", fields: { stderr: "woe" } }]);
  const told = home.logged("yyy").map(({ fields }) => (fields as { stderr: string }).stderr.length);
  expect(Math.max(...told)).toBeLessThanOrEqual(500);
});

test("a command that does not exist leaves its tools out and says so", async () => {
  const transport = { kind: "stdio", command: "/nowhere/mcp-server" } as const;
  const source = home.source({ transport });
  expect(await source.toolsFor("implementer", signal())).toEqual([]);
  expect(home.logged("left out")).toMatchObject([{ level: "warn" }]);
  expect(home.logged("ENOENT").length).toBeGreaterThan(0);
});

test("an abort ends the call at once, and the connection stays", async () => {
  home.list([listed("hang"), listed("echo")]);
  const source = home.source();
  const abort = new AbortController();
  const hanging = run(await toolOf(source, "hang"), {}, abort.signal);
  await eventually(() => home.calls).toEqual(["hang"]);
  abort.abort(new Error("stop"));
  await expect(hanging).rejects.toThrow("stop");
  expect(await run(await toolOf(source, "echo"), { a: 1 })).toMatchObject({ content: '{"a":1}' });
  await expect(source.toolsFor("implementer", abort.signal)).rejects.toThrow("stop");
  expect(home.logged("has failed")).toEqual([]);
});
