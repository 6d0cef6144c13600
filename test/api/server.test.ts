import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect } from "node:net";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { StorageError } from "../../src/ports/storage.ts";
import { createServer } from "../../src/server/create-server.ts";
import { listen } from "../../src/server/listen.ts";
import { PROBLEMS } from "../../src/server/problems.ts";
import { type Api, openApi, problemIn } from "./open-api.ts";

let api: Api;
beforeAll(async () => {
  api = await openApi();
});
afterAll(() => api.close());

describe("health", () => {
  test.each(["/healthz", "/api/v1/healthz"])("%s names the process, whoever asks", async (path) => {
    const answer = await api.call(path, { headers: { "x-tenant-id": "../nobody" } });
    const { instance_id } = api.parts;
    expect(await answer.json()).toEqual({ status: "ok", version: "0.0.0-test", instance_id });
  });

  test.each(["/healthz", "/readyz", "/api/v1/healthz", "/api/v1/readyz"])("%s is quiet", async (path) => {
    await api.call(path, { headers: { "x-request-id": path.replaceAll("/", ":") } });
    const line = api.logged.find((each) => each["request_id"] === path.replaceAll("/", ":"));
    expect(line).toMatchObject({ level: "debug", path, status: 200 });
  });

  test("a provider in trouble makes the server degraded, not unready", async () => {
    const own = await openApi();
    own.provider.health = { healthy: false, latency_ms: 1, message: "the key is wrong" };
    const answer = await own.call("/readyz");
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({
      status: "degraded",
      providers: [{ name: "fake", healthy: false, message: "the key is wrong" }],
    });
    await own.call("/api/v1/readyz");
    expect(own.provider.tests).toBe(1);
    await own.close();
  });

  test("a store that does not answer makes the server unready", async () => {
    const ping = () =>
      Promise.reject(new StorageError("storage_unreachable", "connect to db.internal failed"));
    const system = { ...api.storage.system, listUnfinished: () => Promise.resolve([]), ping };
    const storage = {
      system,
      cluster: null,
      limitStore: null,
      forTenant: api.storage.forTenant.bind(api.storage),
      close: () => Promise.resolve(),
    };
    const answer = await createServer({ ...api.parts, storage }).request("/readyz");
    expect(answer.headers.get("retry-after")).toBe("5");
    const problem = await problemIn(answer);
    expect(problem).toMatchObject({ status: 503, code: "storage_unreachable", retryable: true });
    expect(JSON.stringify(problem)).not.toContain("db.internal");
  });
});

describe("reference", () => {
  test("the page loads nothing from elsewhere and runs nothing inline", async () => {
    const answer = await api.call("/api/v1/docs");
    const page = await answer.text();
    const policy = answer.headers.get("content-security-policy");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("default-src 'none'");
    const addresses = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? "");
    expect(addresses.length).toBeGreaterThan(3);
    for (const address of addresses) {
      expect(address).toMatch(/^\/api\/v1\//);
      expect((await api.call(address)).status).toBe(200);
    }
    expect(page).not.toMatch(/<script>|<script [^>]*>[^<]/);
  });

  test.each(Object.keys(PROBLEMS))("the type of the problem %s leads to a text", async (code) => {
    const answer = await api.call(`/problems/${code}`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toMatch(/^text\/plain/);
    expect(await answer.text()).toContain(code);
  });
});

describe("former paths", () => {
  test.each([
    ["GET", "/workflows?limit=5&status=failed", "/api/v1/workflows?limit=5&status=failed"],
    ["POST", "/workflows", "/api/v1/workflows"],
    ["GET", "/workflows/wf_1/stream?after=3", "/api/v1/workflows/wf_1/stream?after=3"],
    ["POST", "/workflows/wf_1/cancel", "/api/v1/workflows/wf_1/cancel"],
    ["GET", "/providers", "/api/v1/providers"],
    ["POST", "/providers/openai/test", "/api/v1/providers/openai/test"],
    ["GET", "/workflows/?limit=5", "/api/v1/workflows?limit=5"],
    ["GET", "/providers/openai/", "/api/v1/providers/openai"],
    ["GET", "/docs", "/api/v1/docs"],
    ["GET", "/docs/", "/api/v1/docs"],
    ["GET", "/docs/openapi.yaml", "/api/v1/openapi.json"],
    ["GET", "/tenants", "/api/v1/tenants"],
    ["POST", "/scopes/s1/policies", "/api/v1/scopes/s1/policies"],
    ["GET", "/customizations/prompts", "/api/v1/customizations/prompts"],
  ])("%s %s moves to %s", async (method, path, location) => {
    const answer = await api.call(path, { method });
    expect(answer.status).toBe(308);
    expect(answer.headers.get("location")).toBe(location);
  });
});

test("every answer carries the security headers and a request id", async () => {
  for (const path of ["/healthz", "/nowhere", "/api/v1/workflows", "/workflows"]) {
    const { headers } = await api.call(path);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    expect(headers.get("cache-control")).toBe("no-store");
  }
});

describe("listening", () => {
  const options = () => ({ host: "127.0.0.1", port: 0, shutdown: new AbortController(), drain_ms: 2_000 });
  const hello = { fetch: () => new Response("hello") };

  test("a port in use is one clear line", async () => {
    const other = createHttpServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    await expect(listen(hello, { ...options(), port })).rejects.toMatchObject({
      code: "port_in_use",
      message: expect.stringContaining(`Port ${port} on 127.0.0.1 is in use`) as string,
    });
    other.close();
  });

  test.each(["0.0.0.0", "::", "192.0.2.1", "example.com"])(
    "%s is refused without authentication",
    async (host) => {
      await expect(listen(hello, { ...options(), host })).rejects.toMatchObject({
        code: "public_without_authentication",
      });
    },
  );

  test("closing lets a request in flight finish, takes no new one, and does not wait for idle connections", async () => {
    const release = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    const server = await listen(
      {
        fetch: async (request) => {
          if (request.url.endsWith("/slow")) {
            entered.resolve();
            await release.promise;
          }
          return new Response("done");
        },
      },
      options(),
    );
    await (await fetch(`${server.url}/idle`)).text();
    const slow = fetch(`${server.url}/slow`);
    await entered.promise;
    const closed = server.close();
    await expect(fetch(`${server.url}/new`)).rejects.toThrow("fetch failed");
    release.resolve();
    expect(await (await slow).text()).toBe("done");
    const started = performance.now();
    await closed;
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  test("closing does not wait for a connection that never asked anything", async () => {
    const server = await listen({ fetch: () => new Response("done") }, { ...options(), drain_ms: 60_000 });
    const silent = connect(server.port, "127.0.0.1");
    await once(silent, "connect");
    await (await fetch(server.url)).text();
    const cut = once(silent, "close");
    await server.close();
    await cut;
    expect(silent.destroyed).toBe(true);
  });

  test("a request that never ends is cut after the drain time", async () => {
    const entered = Promise.withResolvers<void>();
    const stuck = {
      fetch: () => {
        entered.resolve();
        return new Promise<Response>(() => undefined);
      },
    };
    const server = await listen(stuck, { ...options(), drain_ms: 50 });
    const answer = fetch(server.url).then(
      () => "answered",
      (error: Error) => error.message,
    );
    await entered.promise;
    await server.close();
    expect(await answer).toBe("fetch failed");
  });
});
