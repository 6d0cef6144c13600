import { once } from "node:events";
import { createServer, Server, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer } from "node:net";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";

import { afterEach, expect, test, vi } from "vitest";

import { selfSigned } from "../../test/escapes/ssrf/self-signed.ts";
import type { CheckedHttp, CheckedRequest } from "../ports/egress.ts";
import type { Logger } from "../ports/logger.ts";
import { createCheckedHttp, type CheckedHttpSettings } from "./checked-http.ts";

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanups.splice(0).toReversed()) await cleanUp();
});

const warned: string[] = [];
const logger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: (fields) => void warned.push(JSON.stringify(fields)),
  error: () => undefined,
  child: () => logger,
};

async function started(server: TcpServer): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(async () => {
    if (server instanceof Server) server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  return (server.address() as AddressInfo).port;
}

async function serve(listener: RequestListener): Promise<number> {
  return await started(createServer(listener));
}

function client(settings: Partial<CheckedHttpSettings> = {}): CheckedHttp {
  const http = createCheckedHttp({ allowedHosts: [], logger, ...settings });
  cleanups.push(() => http.close());
  return http;
}

/** A client that may ask this port of this machine, by the name "here". */
function clientFor(...ports: readonly number[]): CheckedHttp {
  return client({
    allowedHosts: ports.map((port) => `here:${port}`),
    resolve: async () => ["127.0.0.1"],
  });
}

async function ask(http: CheckedHttp, url: string, more: Partial<CheckedRequest> = {}): Promise<string> {
  const { body } = await http.request({ url, signal: new AbortController().signal, ...more });
  return new TextDecoder().decode(body);
}

test("an allowed host is asked with what was given, on a connection for this one request", async () => {
  const port = await serve((request, response) => {
    response.write(`${request.method} ${request.url} ${JSON.stringify(request.headers)} `);
    request.pipe(response);
  });
  const given = { method: "POST", headers: { "X-Key": "k" }, body: "body" } as const;
  const text = await ask(clientFor(port), `http://here:${port}/a?b=c#d`, given);
  expect(text).toMatch(/^POST \/a\?b=c .*"x-key":"k".* body$/);
  expect(text).toContain('"connection":"close"');
});

test("what is not allowed is not connected to, by any real way there", async () => {
  let connections = 0;
  const port = await started(
    createTcpServer((socket) => {
      connections += 1;
      socket.resume();
    }),
  );
  const http = client({ allowedHosts: [`localhost:${port + 1}`, "127.0.0.1"] });
  warned.length = 0;
  for (const host of ["localhost", "127.0.0.1", "2130706433", "[::ffff:127.0.0.1]", "0"]) {
    const refusal = ask(http, `http://${host}:${port}/?secret`);
    await expect(refusal).rejects.toMatchObject({ name: "EgressError", code: "refused" });
  }
  await ask(client({ allowedHosts: [`127.0.0.1:${port}`] }), `http://127.0.0.1:${port}/`, {
    timeout_ms: 50,
  }).catch(() => undefined);
  expect(connections).toBe(1); // the last one, which is allowed: the listener does count
  expect(warned).toHaveLength(5);
  expect(warned.join()).not.toContain("secret");
});

test("the connected socket is asked where it leads before anything is written", async () => {
  const received: Buffer[] = [];
  const closed = Promise.withResolvers<void>();
  const port = await started(
    createTcpServer((socket) =>
      socket.on("data", (chunk) => received.push(chunk)).on("close", closed.resolve),
    ),
  );
  const { connect } = await import("node:net");
  const dial = (): ReturnType<typeof connect> => connect(port, "127.0.0.1");
  for (const url of ["http://93.184.216.34/", "https://93.184.216.34/"]) {
    await expect(ask(client({ dial }), url)).rejects.toMatchObject({ code: "refused" });
  }
  await closed.promise;
  expect(Buffer.concat(received).toString()).toBe("");
});

test("a name that is rebound between two requests is looked up for each", async () => {
  const port = await serve((_request, response) => response.end("x"));
  const answers = [["93.184.216.34"], ["127.0.0.1"]];
  const dialled: string[] = [];
  const { connect } = await import("node:net");
  const dial = (address: string): ReturnType<typeof connect> => {
    dialled.push(address);
    return Object.defineProperty(connect(port, "127.0.0.1"), "remoteAddress", { value: address });
  };
  const http = client({ dial, resolve: async () => answers.shift()! });
  expect(await ask(http, "http://rebind.example/")).toBe("x");
  await expect(ask(http, "http://rebind.example/")).rejects.toMatchObject({ code: "refused" });
  expect(dialled).toEqual(["93.184.216.34"]);
});

test("the next address is tried when one does not answer", async () => {
  const port = await serve((_request, response) => response.end("second"));
  const resolve = async (): Promise<string[]> => ["127.0.0.2", "::1", "127.0.0.1"];
  const http = client({ allowedHosts: [`here:${port}`], resolve });
  expect(await ask(http, `http://here:${port}/`)).toBe("second");
});

test("https needs a certificate for the name", async () => {
  const identity = selfSigned(["here"], new Date());
  const before = getCACertificates("default");
  setDefaultCACertificates([...before, identity.cert]);
  cleanups.push(() => setDefaultCACertificates(before));
  const port = await started(createTlsServer(identity, (_request, response) => response.end("tls")));
  expect(await ask(clientFor(port), `https://here:${port}/`)).toBe("tls");
  vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
  cleanups.push(() => vi.unstubAllEnvs());
  const http = client({ allowedHosts: [`there:${port}`], resolve: async () => ["127.0.0.1"] });
  await expect(ask(http, `https://there:${port}/`)).rejects.toMatchObject({
    code: "unreachable",
    message: expect.stringContaining("ERR_TLS_CERT_ALTNAME_INVALID") as string,
  });
});

test.each([
  ["gzip", gzipSync],
  ["deflate", deflateSync],
  ["deflate", deflateRawSync],
  ["br", brotliCompressSync],
  ["zstd", zstdCompressSync],
])("%s is inflated as far as the limit and no byte further", async (encoding, pack) => {
  const port = await serve((_request, response) => {
    response.setHeader("content-encoding", encoding).end(pack(Buffer.alloc(100_000, "ab")));
  });
  const http = clientFor(port);
  const { signal } = new AbortController();
  const response = await http.request({ url: `http://here:${port}/`, signal, max_bytes: 100_000 });
  expect(response.body.byteLength).toBe(100_000);
  expect(Object.keys(response.headers)).not.toContain("content-encoding");
  await expect(ask(http, `http://here:${port}/`, { max_bytes: 99_999 })).rejects.toMatchObject({
    code: "too_large",
  });
});

test("what is packed twice, unknown or damaged is not read", async () => {
  const encodings: Record<string, string> = { "/a": "gzip, gzip", "/b": "constructor", "/c": "gzip" };
  const port = await serve(({ url = "" }, response) => {
    response.setHeader("content-encoding", encodings[url]!).end("abc");
  });
  for (const path of Object.keys(encodings)) {
    await expect(ask(clientFor(port), `http://here:${port}${path}`)).rejects.toMatchObject({
      code: "unreachable",
    });
  }
});

test("a body that is packed and empty is empty", async () => {
  const port = await serve((_request, response) => {
    response.writeHead(204, { "content-encoding": "gzip" }).end();
  });
  expect(await ask(clientFor(port), `http://here:${port}/`)).toBe("");
});

test.each([
  [301, "GET  "],
  [302, "GET  "],
  [303, "GET  "],
  [307, "POST text/plain body"],
  [308, "POST text/plain body"],
])("a POST that is redirected by %i goes on as the Fetch standard has it", async (status, expected) => {
  const port = await serve((request, response) => {
    if (request.url === "/") {
      response.writeHead(status, { location: "/next" }).end();
      return;
    }
    response.write(`${request.method} ${request.headers["content-type"] ?? ""} `);
    request.pipe(response);
  });
  const given = { method: "POST", body: "body", headers: { "content-type": "text/plain" } } as const;
  expect(await ask(clientFor(port), `http://here:${port}/`, given)).toBe(expected);
});

test("five redirects are followed and the last one is told, six are not", async () => {
  const port = await serve(({ url = "" }, response) => {
    const left = Number(url.slice(1));
    if (left === 0) response.end("there");
    else response.writeHead(302, { location: String(left - 1) }).end();
  });
  const http = clientFor(port);
  const { signal } = new AbortController();
  expect((await http.request({ url: `http://here:${port}/5`, signal })).url).toBe(`http://here:${port}/0`);
  await expect(ask(http, `http://here:${port}/6`)).rejects.toMatchObject({ code: "too_many_redirects" });
});

test("keys stay with their origin, also when a redirect leads back to it", async () => {
  const seen: string[] = [];
  const back = await serve((_request, response) => {
    response.writeHead(302, { location: `http://here:${port}/end` }).end();
  });
  const port: number = await serve((request, response) => {
    seen.push(`${request.url} ${request.headers.authorization} ${request.headers.accept}`);
    const location = request.url === "/" ? "/again" : `http://here:${back}/`;
    if (request.url === "/end") response.end();
    else response.writeHead(302, { location }).end();
  });
  const headers = { Authorization: "k", accept: "a" };
  await ask(clientFor(port, back), `http://here:${port}/`, { headers });
  expect(seen).toEqual(["/ k a", "/again k a", "/end undefined a"]);
});

test.each([
  { headers: { Host: "other" } },
  { headers: { "Content-Length": "3" } },
  { headers: { "Transfer-Encoding": "chunked" } },
  { headers: { x: "a\r\nHost: b" } },
  { headers: { "a b": "c" } },
  { body: "body of a GET" },
])("%j is refused before anything is sent", async (given) => {
  let connections = 0;
  const port = await serve((_request, response) => response.end());
  const http = client({
    allowedHosts: [`here:${port}`],
    resolve: async () => {
      connections += 1;
      return ["127.0.0.1"];
    },
  });
  await expect(ask(http, `http://here:${port}/`, given)).rejects.toMatchObject({ code: "refused" });
  expect(connections).toBe(0);
});

test("the time counts from the look-up on", async () => {
  const never = new Promise<string[]>(() => undefined);
  const http = client({ resolve: () => never });
  await expect(ask(http, "http://slow.example/", { timeout_ms: 30 })).rejects.toMatchObject({
    code: "timeout",
  });
  const port = await started(createTcpServer((socket) => socket.resume()));
  await expect(ask(clientFor(port), `http://here:${port}/`, { timeout_ms: 60 })).rejects.toMatchObject({
    code: "timeout",
  });
  await expect(ask(clientFor(port), `https://here:${port}/`, { timeout_ms: 60 })).rejects.toMatchObject({
    code: "timeout",
  });
});

test("whoever aborts gets the own reason back, and the connection is closed", async () => {
  const controller = new AbortController();
  const closed = Promise.withResolvers<void>();
  const port = await started(
    createTcpServer((socket) => {
      socket.on("error", closed.resolve).on("close", closed.resolve).resume();
      controller.abort(new Error("enough"));
    }),
  );
  const request = ask(clientFor(port), `http://here:${port}/`, { signal: controller.signal });
  await expect(request).rejects.toThrow("enough");
  await closed.promise;
});

test("closing ends what is under way and refuses what comes after", async () => {
  const asked = Promise.withResolvers<void>();
  const port = await serve(() => asked.resolve());
  const http = clientFor(port);
  const outcome = ask(http, `http://here:${port}/`).catch((error: unknown) => error);
  await asked.promise;
  await http.close();
  expect(await outcome).toMatchObject({ code: "unreachable" });
  await expect(ask(http, `http://here:${port}/`)).rejects.toMatchObject({ code: "unreachable" });
});

test("an address that does not exist is unreachable and says so", async () => {
  const http = client({
    resolve: async (host) => {
      if (host === "none.example") return [];
      throw new Error("ENOTFOUND");
    },
  });
  for (const host of ["none.example", "lost.example"]) {
    await expect(ask(http, `http://${host}/`)).rejects.toMatchObject({ code: "unreachable" });
  }
});
