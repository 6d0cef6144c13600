import { execFile } from "node:child_process";
import { once } from "node:events";
import { copyFile, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { type RecordingServer, startRecordingServer } from "../../src/cli/recording-server.ts";
import { demoMode, demoModel, demoRequest } from "../../src/demo/demo-request.ts";
import { recordedAnswers } from "../../src/demo/recorded-answers.ts";
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

describe("with a model", () => {
  let model: RecordingServer;
  let slow: RecordingServer;
  beforeAll(async () => {
    const name = demoModel.slice(demoModel.indexOf("/") + 1);
    model = await startRecordingServer(name, recordedAnswers, 0);
    slow = await startRecordingServer(name, recordedAnswers, 300);
  });
  afterAll(() => Promise.all([model.close(), slow.close()]));

  function withModel({ url }: RecordingServer): Promise<CliUser> {
    return CliUser.create({
      ORCA_PROVIDERS__DEMO__KIND: "openai-compatible",
      ORCA_PROVIDERS__DEMO__BASE_URL: url,
      ORCA_DEFAULT_MODEL: demoModel,
    });
  }
  const request = ["run", demoRequest, "--mode", demoMode];

  test("a request runs in this process to its end and leaves files where it was told", async () => {
    const owner = await withModel(model);
    const out = join(owner.home, "out");
    const ended = await owner.orca(...request, "--json", "--out", out);
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    const records = ended.records();
    const events = records.slice(0, -1);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(events.at(-1)).toMatchObject({ type: "workflow.closed" });
    expect(records.at(-1)).toMatchObject({
      type: "result",
      status: "completed",
      exit_code: 0,
      open_findings: 0,
    });
    expect(await readFile(join(out, "src/summarize.js"), "utf8")).toContain("filled.map(Number)");
    await expect(stat(join(owner.dataDir, "server.json"))).rejects.toThrow(/ENOENT/);
    await owner.leave();
  });

  test("a workflow at the edge of its budget says the flag that raises it, and goes on with it", async () => {
    const owner = await withModel(model);
    const stopped = await owner.orca(...request, "--max-model-calls", "2", "--max-duration-s", "900");
    expect(stopped).toMatchObject({ code: 3, stdout: expect.stringContaining("2 model calls, ") as string });
    const told =
      /Raise it and continue with: npm run -s orca -- (.*) NUMBER$/m.exec(stopped.stdout)?.[1] ?? "";
    expect(told).toMatch(/^workflows resume wf_\w+ --max-model-calls$/);
    expect(stopped.stderr + stopped.stdout).not.toContain("FAIL");
    const id = told.split(" ")[2] ?? "";
    const shown = await owner.orca("workflows", "show", id);
    expect(shown.stdout).toMatch(/^budget +2 model calls, 0 left; 900 s, \d+ s left$/m);
    const refused = await owner.orca("workflows", "resume", id);
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--max-model-calls") as string,
    });
    expect(await owner.orca(...told.split(" "), "100")).toMatchObject({ code: 0 });
    const [raised] = (await owner.orca("workflows", "show", id, "--json")).records();
    expect(raised).toMatchObject({ budget: { max_model_calls: 100, max_duration_s: 900 } });
    await owner.leave();
  });

  test("files of the user survive, the result is told, and the printed command brings the artifacts", async () => {
    const owner = await withModel(model);
    await writeFile(join(owner.home, "README.md"), "mine");
    const ended = await owner.orca(...request, "--out", ".");
    expect(ended).toMatchObject({ code: 8, stderr: expect.stringMatching(/README\.md.*--force/) });
    expect(await readdir(owner.home)).not.toContain("src");
    const next = /next: npm run -s orca -- (.*)/.exec(ended.stdout)?.[1] ?? "";
    expect(next).toMatch(/^workflows artifacts wf_\w+ --out \. --force$/);
    expect(await owner.orca(...next.split(" "))).toMatchObject({ code: 0 });
    expect(await readFile(join(owner.home, "README.md"), "utf8")).not.toBe("mine");
    const shown = await owner.orca("workflows", "show", next.split(" ")[2] ?? "");
    expect(shown.stdout).toMatch(new RegExp(`Models\n  Director +${demoModel} +1 call `));
    await owner.leave();
  });

  test("the models of a provider are listed as --model takes them", async () => {
    const owner = await withModel(model);
    const listed = await owner.orca("models");
    expect(listed).toMatchObject({ code: 0, stdout: expect.stringMatching(/^demo\/\S+/) });
    const [first] = (await owner.orca("models", "demo", "--json")).records();
    expect(first).toMatchObject({ data: [{ provider: "demo", error: null }] });
    await owner.leave();
  });

  test("two requests at the same moment share one engine", async () => {
    const owner = await withModel(slow);
    const both = await Promise.all([owner.orca(...request), owner.orca(...request)]);
    expect(both.map(({ code, stderr }) => ({ code, stderr: stderr.replace(/^\S+ +/, "") }))).toContainEqual({
      code: 0,
      stderr: expect.stringContaining("engine in this process"),
    });
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    await owner.leave();
  });

  test("a request goes to the server of the same data directory when one runs", async () => {
    const owner = await withModel(model);
    const server = await owner.serve();
    const ended = await owner.orca(...request);
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stderr).toContain(server.url);
    const id = /wf_\w+/.exec(ended.stdout)?.[0] ?? "";
    const watched = await owner.orca("workflows", "watch", id);
    expect(watched).toMatchObject({ code: 0, stdout: expect.stringContaining("Project Manager") });
    expect(await owner.orca("workflows", "cancel", id)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^orca: .*\n$/),
    });
    expect((await owner.orca("workflows", "artifacts", id)).stdout).toContain("src/parse-csv.js");
    server.command.child.kill("SIGTERM");
    expect((await server.command.ended).code).toBe(0);
    expect((await owner.orca("workflows", "list", "--server", server.url)).code).toBe(69);
    await owner.leave();
  });

  test("Ctrl-C leaves the workflow to the next server, which ends it", async () => {
    const owner = await withModel(slow);
    const running = owner.start([...request, "--json"]);
    const first = JSON.parse(await running.line((line) => line.includes('"role.completed"'))) as {
      workflow_id: string;
    };
    running.child.kill("SIGINT");
    const ended = await running.ended;
    expect(ended).toMatchObject({ code: 130, stderr: "" });
    expect(ended.records().at(-1)).toMatchObject({ type: "result", exit_code: 130, status: "running" });
    const { workflow_id } = first;
    expect(await owner.orca("workflows", "watch", workflow_id)).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("serve"),
    });
    await owner.serve();
    const watched = await owner.orca("workflows", "watch", workflow_id, "--json");
    expect(watched.records().at(-1)).toMatchObject({ status: "completed", exit_code: 0 });
    await owner.leave();
  });

  test("files are delivered below the data directory when no other place is named", async () => {
    const owner = await withModel(model);
    const { url } = await owner.serve();
    const body = JSON.stringify({ request: demoRequest, mode: demoMode, delivery: { action: "directory" } });
    const headers = { "content-type": "application/json" };
    const answer = await fetch(`${url}/api/v1/workflows`, { method: "POST", headers, body });
    const { id } = (await answer.json()) as { id: string };
    expect((await owner.orca("workflows", "watch", id)).code).toBe(0);
    const delivered = await readdir(join(owner.dataDir, "deliveries", id));
    expect(delivered.toSorted()).toEqual(["README.md", "package.json", "src", "test"]);
    await owner.leave();
  });

  test("a second command sees and steers what the first one runs", async () => {
    const owner = await withModel(slow);
    const running = owner.start(request);
    const id = /wf_\w+/.exec(await once(running.child.stderr, "data").then(String))?.[0] ?? "";
    expect((await owner.orca("workflows", "pause", id)).code).toBe(0);
    expect(await running.ended).toMatchObject({
      code: 3,
      stdout: expect.stringContaining(`workflows resume ${id}`),
    });
    expect(await owner.orca("workflows", "resume", id)).toMatchObject({ code: 0 });
    await owner.leave();
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
