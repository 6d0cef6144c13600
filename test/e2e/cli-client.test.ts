import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { CliError } from "../../src/cli/exit-code.ts";
import { followToEnd } from "../../src/cli/follow-to-end.ts";
import { HttpClient, ServerLostError } from "../../src/cli/http-client.ts";
import { type Output, openOutput } from "../../src/cli/output.ts";
import { saveArtifacts } from "../../src/cli/save-artifacts.ts";
import { findServer, writeServerFile } from "../../src/cli/server-file.ts";
import { openSession } from "../../src/cli/session.ts";
import { tellIfPending } from "../../src/cli/tell-if-pending.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { toWorkflowView } from "../../src/contract/to-workflow-view.ts";
import { begun, given } from "../../src/core/workflow/testing/specification.testsuite.ts";

let home = "";
const servers: Server[] = [];
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "orca-client-"));
});
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  await rm(home, { recursive: true });
});

/** Something that speaks HTTP and is not to be trusted. */
async function serve(answer: RequestListener): Promise<HttpClient> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  return new HttpClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

function frame(seq: number, type = "step.completed"): string {
  return `id: ${seq}\nevent: ${type}\ndata: ${JSON.stringify({ seq, type })}\n\n`;
}

test.each(["../out.txt", "/tmp/orca-out.txt", "a/../../out.txt", "a\\..\\out.txt"])(
  "a server can't have the file %j written",
  async (path) => {
    const client = await serve((request, response) => {
      const list = JSON.stringify({
        data: [
          { id: "a1", path: "good.txt" },
          { id: "a2", path },
        ],
        next_cursor: null,
      });
      response.end(request.url?.includes("artifacts?") ? list : "content");
    });
    await expect(
      saveArtifacts(client, "w", { directory: join(home, "deep/out"), force: false }),
    ).rejects.toThrow(CliError);
    expect(await readdir(home)).toEqual([]);
  },
);

test("artifacts come from every page", async () => {
  const client = await serve((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://localhost");
    if (!pathname.endsWith("/artifacts")) {
      response.end(pathname);
      return;
    }
    const second = searchParams.get("cursor") === "more";
    response.end(
      JSON.stringify(
        second
          ? { data: [{ id: "a2", path: "two.txt" }], next_cursor: null }
          : { data: [{ id: "a1", path: "one.txt" }], next_cursor: "more" },
      ),
    );
  });
  expect((await saveArtifacts(client, "w", { directory: home, force: false })).toSorted()).toEqual([
    join(home, "one.txt"),
    join(home, "two.txt"),
  ]);
});

test("files with other content are not overwritten without force, and the same files are no obstacle", async () => {
  let content = "first";
  const client = await serve((request, response) => {
    const list = { data: [{ id: "a1", path: "one.txt" }], next_cursor: null };
    response.end(request.url?.includes("artifacts?") ? JSON.stringify(list) : content);
  });
  const save = (force: boolean) => saveArtifacts(client, "w", { directory: home, force });
  await save(false);
  await save(false);
  content = "second";
  await expect(save(false)).rejects.toMatchObject({
    reason: "conflict",
    message: expect.stringMatching(/one\.txt.*--force/),
  });
  expect(await readFile(join(home, "one.txt"), "utf8")).toBe("first");
  await save(true);
  expect(await readFile(join(home, "one.txt"), "utf8")).toBe("second");
});

test("a model that is not there is answered with the command that lists those that are", async () => {
  const client = await serve((_, response) => {
    response.writeHead(422, { "content-type": "application/problem+json" });
    const detail = "There is no model x at p. GET /api/v1/providers/{name}/models lists them.";
    response.end(JSON.stringify({ detail, code: "unknown_model", errors: [] }));
  });
  await expect(client.listProviders()).rejects.toThrow(/^There is no model x at p\. .* models lists/);
});

test.each([
  [
    "outcome_needed",
    "Find out whether the outside effect has happened, then resume with outcome happened or repeat.",
    /^Find out .* happened, then resume with --outcome happened or --outcome repeat\.$/,
  ],
  [
    "budget_exhausted",
    "The workflow's budget is used up; resume it with a higher one.",
    /higher one\. --max-cost-usd, .* and --max-duration-s raise it\.$/,
  ],
])("%s is told with the flags that answer it", async (code, detail, told) => {
  const client = await serve((_, response) => {
    response.writeHead(409, { "content-type": "application/problem+json" });
    response.end(JSON.stringify({ detail, code, errors: [] }));
  });
  await expect(client.resume("w", {})).rejects.toMatchObject({
    code,
    message: expect.stringMatching(told) as string,
  });
});

describe("a database that another command has", () => {
  const locked = Object.assign(new Error("x.db is in use by another process. Stop that process, or else."), {
    code: "storage_locked",
  });

  test("is used over the address that the other one leaves a moment later", async () => {
    const { config } = loadConfig({ flags: { data_dir: home }, env: {}, cwd: home });
    const { url } = await serve((_, response) =>
      response.end(JSON.stringify({ status: "ok", version: "0", instance_id: "other" })),
    );
    const session = await openSession({
      config,
      server: undefined,
      execute: true,
      openLocal: async () => {
        await writeServerFile(config, { url, instance_id: "other" });
        throw locked;
      },
    });
    expect(session).toMatchObject({ place: "found", client: { url } });
  });

  test("and leaves none is refused with the way to name it", async () => {
    const { config } = loadConfig({ flags: { data_dir: home }, env: {}, cwd: home });
    const opening = openSession({
      config,
      server: undefined,
      execute: false,
      openLocal: () => Promise.reject(locked),
    });
    await expect(opening).rejects.toMatchObject({
      reason: "unavailable",
      code: "storage_locked",
      message: expect.stringMatching(/^x\.db is in use by another process\. .*--server URL/),
    });
  });
});

test("a broken stream is taken up behind the last event, without a double one", async () => {
  const asked: (string | null)[] = [];
  const client = await serve((request, response) => {
    asked.push(new URL(request.url ?? "", "http://localhost").searchParams.get("after"));
    response.writeHead(200, { "content-type": "text/event-stream" });
    if (asked.length === 1) {
      response.write(frame(1) + frame(2) + "id: 3\nevent: cut", () => response.destroy());
    } else response.end(frame(3) + frame(4, "workflow.closed"));
  });
  const events = await Array.fromAsync(client.follow("w", 0, new AbortController().signal));
  expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
  expect(asked).toEqual(["0", "2"]);
});

test("a server that stays away ends the following", async () => {
  const client = await serve((_, response) => response.destroy());
  await expect(Array.fromAsync(client.follow("w", 0, new AbortController().signal))).rejects.toThrow(
    ServerLostError,
  );
});

describe("a workflow that is followed", () => {
  const state = given(begun("director")).driver.state;

  function outputInto(said: string[]): Output {
    const stream = { write: (text: string) => said.push(text.trimEnd()) };
    return openOutput(stream, stream);
  }

  test("on a server that dies is kept, and the way back to it is told", async () => {
    const client = await serve((_, response) => response.destroy());
    const { config } = loadConfig({ flags: { data_dir: home }, env: {}, cwd: home });
    const said: string[] = [];
    const output = outputInto(said);
    const session = { client, place: "given", close: () => Promise.resolve() } as const;
    const following = followToEnd("w1", session, {
      config,
      output,
      json: false,
      stream: output.out,
      next: (words) => `orca ${words} --server s`,
      reopen: () => Promise.resolve(session),
    });
    await expect(following).rejects.toMatchObject({
      reason: "unavailable",
      code: "server_unreachable",
      message: expect.stringMatching(
        /^no answer from .*; the workflow is kept; follow it again with: orca workflows watch w1 --server s$/,
      ) as string,
    });
  });

  test.each([
    ["pending", 1],
    ["running", 0],
  ] as const)("and is %s after a while is told of %i times", async (status, times) => {
    const { promise: asked, resolve } = Promise.withResolvers<void>();
    const client = await serve((_, response) => {
      response.end(JSON.stringify({ ...toWorkflowView(state), status }), resolve);
    });
    let said = 0;
    const { promise: done, resolve: end } = Promise.withResolvers<void>();
    const readWorkflow: HttpClient["readWorkflow"] = (id) =>
      client.readWorkflow(id).finally(() => setImmediate(end));
    tellIfPending("w1", { client: () => ({ readWorkflow }), say: () => (said += 1), afterMs: 0 });
    await Promise.all([asked, done]);
    expect(said).toBe(times);
  });
});

test("a workflow that the server does not know is no reason to wait", async () => {
  const client = await serve((_, response) => {
    response.writeHead(404, { "content-type": "application/problem+json" });
    response.end(
      JSON.stringify({ detail: "There is no workflow w.", code: "workflow_not_found", errors: [] }),
    );
  });
  await expect(Array.fromAsync(client.follow("w", 0, new AbortController().signal))).rejects.toMatchObject({
    reason: "not_found",
    message: "There is no workflow w.",
  });
});

test.each([
  [200, "text/html", "<h1>It works</h1>"],
  [502, "text/html", "<h1>Bad gateway</h1>"],
  [302, "text/plain", ""],
  [400, "application/problem+json", "not JSON"],
  [400, "application/problem+json", '{"title":"no detail"}'],
])("an answer %i as %s is not taken for one of orca", async (status, type, body) => {
  const client = await serve((_, response) => response.writeHead(status, { "content-type": type }).end(body));
  await expect(client.listWorkflows({})).rejects.toThrow(/does not answer like an orca server/);
});

test("a server is believed only under the id and the database that it left", async () => {
  const { config } = loadConfig({ flags: { data_dir: home }, env: {}, cwd: home });
  const { url } = await serve((_, response) =>
    response.end(JSON.stringify({ status: "ok", version: "0", instance_id: "me" })),
  );
  await writeServerFile(config, { url, instance_id: "me" });
  expect(await findServer(config)).toMatchObject({ url, pid: process.pid });
  expect(await findServer({ ...config, database: "postgres://other/orca" })).toBeNull();
  await writeServerFile(config, { url, instance_id: "somebody before me" });
  expect(await findServer(config)).toBeNull();
  await writeFile(join(home, "server.json"), '{"url": "http');
  expect(await findServer(config)).toBeNull();
});
