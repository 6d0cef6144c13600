import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";

import { afterEach, expect, test } from "vitest";

import { ModelError } from "../ports/chat-model.ts";
import { createFetch } from "./http-client.ts";
import { patientDispatcher } from "./patient-dispatcher.ts";

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const trace = { workflow_id: "w", role: "qa", step_id: "qa#1", attempt: 1, call: 2 } as const;

test("trace headers are sent when there is a trace, and others stay", async () => {
  const url = await serve((request, response) => {
    response.end(JSON.stringify(request.headers));
  });
  const headers = { authorization: "Bearer k" };
  const traced = await (await createFetch({ trace })(url, { headers })).json();
  expect(traced).toMatchObject({ "x-orca-step": "qa#1", "x-orca-call": "2", authorization: "Bearer k" });
  const plain = (await (await createFetch({ trace: null })(url, { headers })).json()) as object;
  expect(Object.keys(plain).filter((name) => name.startsWith("x-orca"))).toEqual([]);
});

test("an answer that inflates beyond the limit is not read to its end", async () => {
  const bomb = gzipSync(Buffer.alloc(1_000_000));
  const url = await serve((_request, response) => {
    response.setHeader("content-encoding", "gzip").end(bomb);
  });
  const fetch = createFetch({ trace: null, maxBytes: 500_000 });
  const response = await fetch(url);
  await expect(response.text()).rejects.toMatchObject({ name: "ModelError", code: "truncated" });
  expect((await (await createFetch({ trace: null, maxBytes: 1_000_000 })(url)).text()).length).toBe(
    1_000_000,
  );
});

test.each([
  ["inside", Buffer.from([0x61, 0xc3, 0x28, 0x62])],
  ["at its end", Buffer.from([0x61, 0xc3])],
])(
  "an answer that is no UTF-8 %s fails, unless it is no text or tells of an error",
  async (_where, bytes) => {
    const url = await serve(({ url: path }, response) => {
      response.setHeader("content-type", path === "/binary" ? "application/zip" : "application/json");
      response.writeHead(path === "/error" ? 500 : 200).end(bytes);
    });
    const fetch = createFetch({ trace: null });
    await expect((await fetch(url)).text()).rejects.toMatchObject({ code: "network" });
    expect((await (await fetch(`${url}/binary`)).arrayBuffer()).byteLength).toBe(bytes.length);
    expect(await (await fetch(`${url}/error`)).text()).toContain("a");
  },
);

test("letters that are cut between two chunks are whole", async () => {
  const url = await serve((_request, response) => {
    response.write(Buffer.from([0xc3]), () => setImmediate(() => response.end(Buffer.from([0xa4]))));
  });
  expect(await (await createFetch({ trace: null })(url)).text()).toBe("ä");
});

test("a decompressed answer is not announced as compressed", async () => {
  const url = await serve((_request, response) => {
    response.setHeader("content-encoding", "gzip").end(gzipSync("hello"));
  });
  const response = await createFetch({ trace: null })(url);
  expect(response.headers.get("content-encoding")).toBeNull();
  expect(await response.text()).toBe("hello");
});

test("a redirect inside the origin is followed with method, body and headers", async () => {
  const url = await serve((request, response) => {
    if (request.url === "/old") {
      response.writeHead(308, { location: "/new" }).end();
      return;
    }
    response.write(`${request.method} ${request.url} ${request.headers.authorization} `);
    request.pipe(response);
  });
  const init = { method: "POST", body: "body", headers: { authorization: "Bearer k" } };
  const response = await createFetch({ trace: null })(`${url}/old`, init);
  expect(await response.text()).toBe("POST /new Bearer k body");
});

test("a redirect to another origin is refused before anything is sent there", async () => {
  let visited = 0;
  const elsewhere = await serve((_request, response) => {
    visited += 1;
    response.end();
  });
  const url = await serve((_request, response) => {
    response.writeHead(307, { location: elsewhere }).end();
  });
  await expect(createFetch({ trace: null })(url)).rejects.toThrow(ModelError);
  expect(visited).toBe(0);
});

test.each([
  ["in a circle", "GET", 302, 4],
  ["that would turn a POST into a GET", "POST", 302, 1],
])("a redirect %s is refused", async (_what, method, status, expected) => {
  let visits = 0;
  const url = await serve((_request, response) => {
    visits += 1;
    response.writeHead(status, { location: "/again" }).end();
  });
  await expect(createFetch({ trace: null })(url, { method })).rejects.toMatchObject({ code: "network" });
  expect(visits).toBe(expected);
});

test("this Node lets us wait longer than its five minutes", async () => {
  expect(await patientDispatcher()).not.toBeNull();
});
