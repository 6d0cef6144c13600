import { once } from "node:events";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type RecordingServer, startRecordingServer } from "../../src/cli/recording-server.ts";
import { demoMode, demoModel, demoRequest } from "../../src/demo/demo-request.ts";
import { recordedAnswers } from "../../src/demo/recorded-answers.ts";
import { CliUser } from "./cli-command.ts";

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
