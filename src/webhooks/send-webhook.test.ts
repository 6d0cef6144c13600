import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { afterEach, expect, test } from "vitest";

import { type Receiver, type ReceiverSettings, startReceiver } from "../../test/webhooks/receiver.ts";
import { createCheckedHttp } from "../egress/checked-http.ts";
import type { Logger } from "../ports/logger.ts";
import { sendWebhook, type WebhookOutcome, type WebhookToSend } from "./send-webhook.ts";

const SECRET = `whsec_${Buffer.alloc(24, 1).toString("base64")}`;
const OLD_SECRET = `whsec_${Buffer.alloc(32, 2).toString("base64")}`;
const BODY = JSON.stringify({ type: "workflow.delivered", text: "Grüße ✓" });

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanups.splice(0).toReversed()) await cleanUp();
});

const logger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => logger,
};

async function receiver(...answers: readonly string[]): Promise<Receiver> {
  return receiverWith({ secrets: [SECRET], answers });
}

async function receiverWith(settings: ReceiverSettings): Promise<Receiver> {
  const started = await startReceiver(settings);
  cleanups.push(() => started.close());
  return started;
}

type Try = Partial<WebhookToSend> & {
  readonly allowed?: readonly string[];
  readonly now?: () => Date;
  readonly timeout_ms?: number;
};

function send(url: string, more: Try = {}): Promise<WebhookOutcome> {
  const { allowed = [new URL(url).host], now = () => new Date(), timeout_ms = 5000, ...given } = more;
  const http = createCheckedHttp({ allowedHosts: [...allowed], logger });
  cleanups.push(() => http.close());
  const { signal } = new AbortController();
  return sendWebhook(
    { url, id: "msg_1", body: BODY, secrets: [SECRET], signal, ...given },
    { http, now, timeout_ms },
  );
}

test("a receiver that knows the secret verifies what it is sent", async () => {
  const { url, received } = await receiver();
  expect(await send(url)).toEqual({
    kind: "delivered",
    status: 204,
    retry_after_ms: null,
    detail: "The receiver answered 204.",
  });
  expect(received).toMatchObject([{ id: "msg_1", problem: null, body: BODY }]);
});

test("while secrets change over, a receiver verifies with the old one or the new one, and not with another", async () => {
  for (const known of [SECRET, OLD_SECRET]) {
    const { url, received } = await receiverWith({ secrets: [known] });
    expect(await send(url, { secrets: [SECRET, OLD_SECRET] })).toMatchObject({ kind: "delivered" });
    expect(received[0]?.problem).toBeNull();
  }
  const { url, received } = await receiverWith({ secrets: [OLD_SECRET] });
  expect(await send(url)).toMatchObject({ kind: "refused", status: 401 });
  expect(received[0]?.problem).toBe("No matching signature found");
});

test("each attempt tells its own time and the same id", async () => {
  const { url, received } = await receiver("500");
  const start = Date.now();
  await send(url, { now: () => new Date(start - 60_000) });
  await send(url, { now: () => new Date(start) });
  expect(received.map(({ id, problem }) => ({ id, problem }))).toEqual([
    { id: "msg_1", problem: null },
    { id: "msg_1", problem: null },
  ]);
  expect(received[1]!.timestamp! - received[0]!.timestamp!).toBe(60);
});

test("a signature from an hour ago is not accepted by the receiver", async () => {
  const { url, received } = await receiver();
  await send(url, { now: () => new Date(Date.now() - 3_600_000) });
  expect(received[0]?.problem).toBe("Message timestamp too old");
});

test.each([
  ["500", { kind: "retry", status: 500, retry_after_ms: null }],
  ["503:2", { kind: "retry", status: 503, retry_after_ms: 2000 }],
  ["429:7", { kind: "retry", status: 429, retry_after_ms: 7000 }],
  ["429:never", { kind: "retry", status: 429, retry_after_ms: null }],
  ["429:99999999", { kind: "retry", status: 429, retry_after_ms: 86_400_000 }],
  ["429:Thu, 01 Jan 1970 00:00:00 GMT", { kind: "retry", status: 429, retry_after_ms: 0 }],
  ["408", { kind: "retry", status: 408 }],
  ["425", { kind: "retry", status: 425 }],
  ["cut", { kind: "retry", status: null }],
  ["410", { kind: "gone", status: 410 }],
  ["400", { kind: "refused", status: 400 }],
  ["404", { kind: "refused", status: 404 }],
  ["304", { kind: "refused", status: 304 }],
  ["200", { kind: "delivered", status: 200 }],
])("the answer %s", async (answer, outcome) => {
  const { url, received } = await receiver(answer);
  expect(await send(url)).toMatchObject(outcome);
  expect(received).toHaveLength(1);
});

test.each([301, 302, 307, 308])("a redirect by %i is not followed, wherever it leads", async (status) => {
  const inside = await receiver();
  const { url } = await receiver(`${status}:${inside.url}`);
  const outcome = await send(url, { allowed: [new URL(url).host, inside.host] });
  expect(outcome).toMatchObject({ kind: "refused", status });
  expect(outcome.detail).toContain("give its final URL");
  expect(inside.received).toEqual([]);
});

test("an address that is not public is refused before anything is sent", async () => {
  const { url, received } = await receiver();
  const outcome = await send(url, { allowed: [] });
  expect(outcome).toMatchObject({ kind: "refused", status: null });
  expect(received).toEqual([]);
});

test("nobody there is tried again", async () => {
  const gone = await startReceiver({ secrets: [SECRET] });
  await gone.close();
  expect(await send(gone.url)).toMatchObject({ kind: "retry", status: null });
});

test("a receiver that never answers is tried again", async () => {
  const { url, received } = await receiver("never");
  expect(await send(url, { timeout_ms: 100 })).toMatchObject({ kind: "retry", status: null });
  expect(received).toHaveLength(1);
});

test("a receiver that never answers does not hold whoever calls it off", async () => {
  const silent = await receiver("never");
  const controller = new AbortController();
  const outcome = send(silent.url, { signal: controller.signal });
  await silent.until(1);
  controller.abort(new Error("the lease is lost"));
  await expect(outcome).rejects.toThrow("the lease is lost");
});

test("an answer counts by its status, however long or broken its body is", async () => {
  const server = createServer((request, response) => {
    request.resume();
    if (request.url === "/long") response.end("x".repeat(3_000_000));
    else if (request.url === "/packed") response.setHeader("content-encoding", "gzip").end("no gzip");
    else if (request.url === "/slow") response.writeHead(200).write("half");
    else response.writeHead(200, { "content-length": 100 }).write("half", () => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (const path of ["/long", "/packed", "/slow", "/half"]) {
    expect(await send(`${origin}${path}`, { timeout_ms: 200 })).toMatchObject({
      kind: "delivered",
      status: 200,
    });
  }
});

test("what is told of an answer is one short visible line without the secrets", async () => {
  const key = SECRET.slice("whsec_".length);
  const { url } = await receiverWith({
    secrets: [SECRET],
    answers: ["400"],
    says: `no\r\n\u001B[31m\u202E ${SECRET} ${key} ${"😀".repeat(300)}`,
  });
  const { detail } = await send(url);
  expect(detail).toMatch(/^The receiver answered 400: no \[31m \[secret\] \[secret\] (😀)+…$/u);
  expect(detail.length).toBeLessThan(240);
  expect(detail.isWellFormed()).toBe(true);
});

test.each([
  ["is too short", `whsec_${Buffer.alloc(23).toString("base64")}`],
  ["is no base64", `whsec_${"!".repeat(40)}`],
  ["is base64 for URLs", `whsec_${Buffer.alloc(32, 0xff).toString("base64url")}`],
])("a secret that %s is refused with how to make one, and nothing is sent", async (_, secret) => {
  const { url, received } = await receiver();
  const outcome = await send(url, { secrets: [secret] });
  expect(outcome.kind).toBe("refused");
  expect(outcome.detail).toContain("openssl rand -base64 32");
  expect(outcome.detail).not.toContain(secret.slice(6));
  expect(received).toEqual([]);
});

test("a flipped bit anywhere in what was signed fails verification", async () => {
  const seen: { headers: Record<string, string>; body: string }[] = [];
  const listener = createServer((request, response) => {
    request.setEncoding("utf8").on("data", (body: string) => {
      seen.push({ headers: request.headers as Record<string, string>, body });
      response.end();
    });
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  cleanups.push(() => listener.close());
  await send(`http://127.0.0.1:${(listener.address() as AddressInfo).port}/`);
  const { headers, body } = seen[0]!;
  const { url, received } = await receiver();
  const names = ["webhook-id", "webhook-timestamp", "webhook-signature"] as const;
  const post = async (given: Record<string, string>, text: string): Promise<number> => {
    const signed = Object.fromEntries(names.map((name) => [name, given[name]!]));
    return (await fetch(url, { method: "POST", headers: signed, body: text })).status;
  };
  expect(await post(headers, body)).toBe(204);
  const flipped = (text: string, place: number): string =>
    text.slice(0, place) + String.fromCodePoint(text.codePointAt(place)! ^ 1) + text.slice(place + 1);
  const forgeries = [
    ...Array.from({ length: 28 }, (_, place) => () => post(headers, flipped(body, place))),
    ...names.map((name) => () => post({ ...headers, [name]: flipped(headers[name]!, 4) }, body)),
    ...names.map((name) => () => post({ ...headers, [name]: "" }, body)),
    () => post(headers, `${body} `),
  ];
  for (const forge of forgeries) expect(await forge()).toBe(401);
  expect(received).toHaveLength(1 + forgeries.length);
});

test("the signature is the one that the specification describes", async () => {
  const { signWebhook } = await import("./sign-webhook.ts");
  const at = new Date("2026-01-02T03:04:05.678Z");
  const headers = signWebhook({ id: "msg_a", body: "{}", at, secrets: [SECRET] });
  const key = Buffer.alloc(24, 1);
  const signature = createHmac("sha256", key).update("msg_a.1767323045.{}").digest("base64");
  expect(headers).toEqual({
    "webhook-id": "msg_a",
    "webhook-timestamp": "1767323045",
    "webhook-signature": `v1,${signature}`,
  });
  expect(() => signWebhook({ id: "a.b", body: "{}", at, secrets: [SECRET] })).toThrow(TypeError);
  expect(() => signWebhook({ id: "a", body: "{}", at, secrets: [] })).toThrow(/openssl rand/);
});
