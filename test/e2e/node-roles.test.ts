import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";

import { freshDatabase, type FreshDatabase } from "../postgres/fresh-database.ts";
import { FakeModel } from "./fake-model.ts";
import { type Json, OrcaProcess } from "./orca-process.ts";
import { scriptedAnswers } from "./scripted-answers.ts";

describe("nodes with roles on one PostgreSQL and one data directory", () => {
  const model = new FakeModel(scriptedAnswers());
  let database: FreshDatabase;
  let api: OrcaProcess;
  let other: OrcaProcess;
  let worker: OrcaProcess;

  beforeAll(async () => {
    database = await freshDatabase(inject("postgresUrl"));
    api = await OrcaProcess.prepare(await model.start(), database.url);
    other = api.sibling();
    worker = api.sibling();
    await api.start("--role", "api");
    await other.start("--role", "api");
  });
  afterAll(async () => {
    await Promise.all([worker.kill(), other.kill()]);
    await api.remove();
    await database.drop();
    await model.stop();
  });

  async function workersToTheDoctor(): Promise<unknown> {
    const { stdout } = await api.command("doctor", "--json");
    const { findings } = JSON.parse(stdout) as { findings: { check: string }[] };
    return findings.find(({ check }) => check === "workers");
  }

  async function serverFiles(): Promise<Record<string, Json>> {
    const names = (await readdir(api.directory)).filter((name) => name.startsWith("server"));
    const read = async (name: string) =>
      JSON.parse(await readFile(join(api.directory, name), "utf8")) as Json;
    return Object.fromEntries(
      await Promise.all(names.map(async (name) => [name, await read(name)] as const)),
    );
  }

  test("an api node takes requests and runs none; a worker that comes later does", async () => {
    const { status, body } = await api.post("/workflows", { request: "Write three files." });
    expect(status).toBe(201);
    const id = body["id"] as string;
    expect(model.calls).toEqual([]);
    expect(await workersToTheDoctor()).toMatchObject({
      status: "warn",
      detail: expect.stringMatching(/^none is running; start one: .*serve --role worker$/) as string,
    });
    await worker.start("--role", "worker");
    expect(await workersToTheDoctor()).toMatchObject({ status: "ok" });
    await other.reached(id, "workflow.closed");
    expect((await api.get(`/workflows/${id}`))["status"]).toBe("completed");
    expect(model.requestsPerStep(id)["director"]).toBe(1);
  });

  test("a worker says whether it is well, and of everything else where to ask", async () => {
    expect((await fetch(`${worker.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${worker.url}/readyz`)).status).toBe(200);
    for (const path of ["/", "/api/v1/workflows", "/docs", "/api/v1/docs"]) {
      const answer = await fetch(`${worker.url}${path}`, { redirect: "manual" });
      expect({ path, ...((await answer.json()) as Json) }).toMatchObject({
        path,
        status: 404,
        code: "route_not_found",
        detail: expect.stringContaining("role is api or all"),
      });
    }
  });

  test("each api node leaves an address of its own, a worker none, and who stops takes only its own away", async () => {
    const port = new URL(other.url).port;
    expect(await serverFiles()).toMatchObject({
      "server.json": { url: api.url },
      [`server-${port}.json`]: { url: other.url },
    });
    await api.kill("SIGTERM");
    expect(Object.keys(await serverFiles())).toEqual([`server-${port}.json`]);
    const listed = await other.command("workflows", "list", "--json");
    expect(listed).toMatchObject({ code: 0, stderr: "" });
    await api.start("--role", "api");
    expect(await serverFiles()).toMatchObject({
      "server.json": { url: api.url },
      [`server-${port}.json`]: { url: other.url },
    });
  });
});
