import { execFile } from "node:child_process";
import { once } from "node:events";
import { copyFile, readdir, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { CliUser } from "./cli-command.ts";

const run = promisify(execFile);

let user: CliUser;
beforeEach(async () => {
  user = await CliUser.create();
});
afterEach(() => user.leave());

describe("orca demo", () => {
  test("needs nothing, shows the repair, and leaves work that works", async () => {
    const { code, stdout } = await user.orca("demo");
    expect(code).toBe(0);
    for (const told of [
      "blocking finding",
      "repair cycle 1 of 2",
      "finding f1 resolved",
      "completed",
      "was a recording",
    ]) {
      expect(stdout).toContain(told);
    }
    const directory = /The artifacts lie in {2}(\/.*)/.exec(stdout)?.[1] ?? "";
    expect((await readdir(directory)).toSorted()).toEqual(["README.md", "package.json", "src", "test"]);
    await run(process.execPath, ["--test"], { cwd: directory });
    const again = /see it again: {2}npm run -s orca -- (.*)/.exec(stdout)?.[1] ?? "";
    const shown = await user.orca(...again.replaceAll('"', "").split(" "));
    expect(shown.stdout).toContain("CSV column summary");
  });

  test("stays out of what is the user's own", async () => {
    await user.orca("demo");
    expect(await readdir(user.dataDir)).toEqual(["demo"]);
    expect((await user.orca("workflows", "list", "--json")).records()).toEqual([
      { data: [], next_cursor: null },
    ]);
  });
});

describe("without a model", () => {
  test("a request is kept, never answered, and the way to a model is told", async () => {
    const { code, stdout } = await user.orca("run", "Write a haiku about tides");
    expect(code).toBe(3);
    for (const told of ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "OLLAMA_HOST", "workflows resume wf_"]) {
      expect(stdout).toContain(told);
    }
    const [list] = (await user.orca("workflows", "list", "--json")).records() as {
      data: { id: string; status: string }[];
    }[];
    expect(list?.data.map(({ status }) => status)).toEqual(["paused"]);
    const id = list?.data[0]?.id ?? "";
    expect((await user.orca("workflows", "show", id)).stdout).toContain("Write a haiku about tides");
    expect((await user.orca("workflows", "watch", id)).code).toBe(3);
    expect(await user.orca("workflows", "resume", id)).toMatchObject({ code: 3, stdout: "" });
  });

  test("NDJSON ends with the result", async () => {
    const { code, records, stderr } = await user.orca("run", "Write a haiku", "--json", "--no-input");
    expect({ code, stderr }).toEqual({ code: 3, stderr: "" });
    expect(records().at(-1)).toMatchObject({
      type: "result",
      status: "paused",
      exit_code: 3,
      waiting: { reason: "no_model" },
    });
  });
});

describe("bad input ends with one line and a code", () => {
  const oneLine = (text: string | RegExp) =>
    expect.stringMatching(new RegExp(`^orca: .*${text instanceof RegExp ? text.source : text}.*\n$`));

  test.each([
    [["run", ""], 2, "the request is empty"],
    [["run", "x", "--mode", "poetry"], 2, "software"],
    [["run", "x", "--model", "nobody/x"], 2, "nobody"],
    [["run", "x", "--max-qa-retries", "-1"], 2, "whole number"],
    [["run"], 2, "missing required argument"],
    [["run", "x", "--jsn"], 2, "Did you mean --json"],
    [["run", "write", "me", "a", "haiku"], 2, "in quotes: .* run 'write me a haiku'"],
    [["run", "x", "--out", "/proc/orca"], 69, "can't write to /proc/orca"],
    [["models", "nobody"], 5, "No such provider"],
    [["serv"], 2, "Did you mean serve"],
    [["serve", "--port", "99999"], 2, "--port"],
    [["serve", "--host", "0.0.0.0", "--port", "0"], 2, "authentication"],
    [["serve", "--config", "none.yaml"], 2, "none.yaml"],
    [["serve", "--database", "mysql://x"], 2, "sqlite:<path>"],
    [["serve", "--database", "postgres://u:hunter2@127.0.0.1:1/x"], 69, "ECONNREFUSED"],
    [["serve", "--data-dir", "/proc/orca"], 69, "--data-dir"],
    [["serve", "--data-dir", "/dev/null/orca"], 69, "--data-dir"],
    [["run", "x", "--server", "http://127.0.0.1:9"], 69, "no answer"],
    [["run", "x", "--server", "ftp://x"], 2, "address"],
    [["workflows", "show", "wf_nobody"], 5, "wf_nobody"],
    [["workflows", "artifacts", "../../etc"], 5, ""],
    [["workflows", "list", "--status", "asleep"], 2, "status"],
    [["workflows", "list", "--limit", "0"], 2, "limit"],
    [["usage", "--by", "colour"], 2, "--by: "],
    [["usage", "--from", "yesterday"], 2, "--from: "],
    [["usage", "--from", "2026-11-02", "--to", "2026-11-01"], 2, "--from: may not be after"],
    [["usage", "--workflow", "wf_nobody"], 5, "wf_nobody"],
    [["run", "x", "--max-cost-usd", "free"], 2, "--max-cost-usd.*US dollars"],
    [["run", "x", "--max-tokens", "0"], 2, "--max-tokens.*whole number above 0"],
    [["workflows", "resume", "wf_x", "--outcome", "maybe"], 2, "happened"],
    [["config", "explain", "prot"], 2, "did you mean port"],
  ])("%j", async (args, code, told) => {
    const ended = await user.orca(...args);
    expect(ended).toMatchObject({ code, stdout: "", stderr: oneLine(told) });
    expect(ended.stderr).not.toContain("hunter2");
  });

  test("in words for people and as JSON for programs", async () => {
    const ended = await user.orca("run", "x", "--mode", "poetry", "--json");
    expect(ended).toMatchObject({ code: 2, stderr: oneLine("software") });
    expect(ended.records()).toEqual([
      { type: "error", code: "usage", message: expect.stringContaining("software"), exit_code: 2 },
    ]);
  });

  test("a port in use, and nothing is left in the data directory that looks like a server", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    expect(await user.orca("serve", "--port", String(port))).toMatchObject({
      code: 69,
      stderr: oneLine(String(port)),
    });
    expect(await readdir(user.dataDir)).not.toContain("server.json");
    other.close();
  });

  test("a second server on the same file", async () => {
    await user.serve();
    expect(await user.orca("serve", "--port", "0")).toMatchObject({ code: 69, stderr: oneLine("orca.db") });
  });

  test("a request that is too long", async () => {
    const { child, ended } = user.start(["run", "-"]);
    child.stdin.end("x".repeat(300_000));
    expect(await ended).toMatchObject({ code: 2, stderr: oneLine("262144") });
    expect((await user.orca("workflows", "list", "--json")).records()).toMatchObject([{ data: [] }]);
  });

  test("a request that is not UTF-8", async () => {
    const { child, ended } = user.start(["run", "-"]);
    child.stdin.end(Buffer.from([0x68, 0xff, 0xfe]));
    expect(await ended).toMatchObject({ code: 2, stderr: oneLine("not UTF-8") });
  });

  test("a misspelt key in orca.yaml, with its place", async () => {
    await writeFile(join(user.home, "orca.yaml"), "workflow:\n  max_qa_retry: 1\n");
    expect(await user.orca("serve")).toMatchObject({
      code: 2,
      stderr: "orca: orca.yaml:2:3: unknown key workflow.max_qa_retry; did you mean max_qa_retries?\n",
    });
  });
});

test("a server that is left behind by kill -9 does not mislead the next command", async () => {
  const { command } = await user.serve();
  command.child.kill("SIGKILL");
  await command.ended;
  expect(await readdir(user.dataDir)).toContain("server.json");
  expect(await user.orca("workflows", "list")).toMatchObject({ code: 0 });
});

test("the doctor finds a healthy machine, and says what is missing", async () => {
  const [report] = (await user.orca("doctor", "--json")).records();
  expect(report).toMatchObject({ healthy: true });
  expect(report?.["findings"]).toContainEqual(expect.objectContaining({ check: "models", status: "warn" }));
});

test("a password in clear in orca.yaml is accepted and warned of, unseen", async () => {
  await writeFile(join(user.home, "orca.yaml"), "database: postgres://u:hunter2@127.0.0.1:1/x\n");
  const told = "orca.yaml:1:11: database: holds a password in clear; write it as ${VARIABLE}";
  const served = await user.orca("serve", "--port", "0");
  expect(served).toMatchObject({ code: 69, stdout: "" });
  expect(served.stderr.split("\n")).toEqual([
    `orca: warning: ${told}`,
    expect.stringContaining("ECONNREFUSED"),
    "",
  ]);
  const [report] = (await user.orca("doctor", "--json")).records();
  expect(report?.["findings"]).toContainEqual(
    expect.objectContaining({ check: "configuration", status: "warn", detail: told }),
  );
  expect(served.stderr + JSON.stringify(report)).not.toContain("hunter2");
});

test("an older Node is told which one is needed, in one line", async () => {
  const older = 'data:text/javascript,Object.defineProperty(process,"versions",{value:{node:"24.15.9"}})';
  // Away from the sources, which an older Node can't read: the launcher must have answered before.
  const launcher = join(user.home, "orca.mjs");
  await copyFile("scripts/orca.mjs", launcher);
  const launched = run(process.execPath, ["--import", older, launcher, "version"]);
  await expect(launched).rejects.toMatchObject({
    code: 2,
    stdout: "",
    stderr: "orca: needs Node.js 24.16 or newer; this is 24.15.9\n",
  });
});

test("the doctor finds a provider that does not answer", async () => {
  const ill = user.start(["doctor", "--json"], { OLLAMA_HOST: "127.0.0.1:9" });
  const ended = await ill.ended;
  expect(ended.code).toBe(69);
  expect(ended.records()[0]?.["findings"]).toContainEqual(
    expect.objectContaining({ check: "provider ollama", status: "FAIL" }),
  );
});

test("the doctor finds a default model without a provider, and another orca on the port", async () => {
  const other = await CliUser.create();
  const { url } = await other.serve();
  const { port } = new URL(url);
  const ill = user.start(["doctor", "--json"], { ORCA_DEFAULT_MODEL: "nobody/x", ORCA_PORT: port });
  const [report] = (await ill.ended).records();
  const failure = (check: string, detail: string) =>
    expect.objectContaining({ check, status: "FAIL", detail: expect.stringContaining(detail) });
  expect(report?.["findings"]).toContainEqual(failure("default model", "no provider nobody"));
  expect(report?.["findings"]).toContainEqual(failure("port", `another orca`));
  await other.leave();
});

test("the configuration explains itself without telling secrets", async () => {
  const explained = user.start(["config", "explain", "--json"], {
    OPENAI_API_KEY: "sk-hunter2",
    ORCA_PORT: "4711",
  });
  const { stdout, records } = await explained.ended;
  expect(stdout).not.toContain("hunter2");
  const { settings } = records()[0] as { settings: unknown[] };
  expect(settings).toContainEqual({ key: "port", value: 4711, origin: "env ORCA_PORT" });
});

test("help tells the exit codes", async () => {
  const { code, stdout } = await user.orca("--help");
  expect(code).toBe(0);
  expect(stdout).toMatch(/69 +server or database unreachable/);
});
