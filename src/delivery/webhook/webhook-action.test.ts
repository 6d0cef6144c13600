import { hash } from "node:crypto";

import { afterEach, expect, test } from "vitest";

import { type Receiver, type ReceiverSettings, startReceiver } from "../../../test/webhooks/receiver.ts";
import { createAllowedHosts } from "../../egress/allowed-hosts.ts";
import { createCheckedHttp } from "../../egress/checked-http.ts";
import { type DeliveryContext, DeliveryError, type DeliveryReceipt } from "../../ports/delivery-action.ts";
import type { Logger } from "../../ports/logger.ts";
import { deliveryActionSuite, deliveryContext } from "../delivery-action.testsuite.ts";
import { createWebhookAction, type WebhookActionParts, type WebhookConfig } from "./webhook-action.ts";

const SECRET = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;
const OLD_SECRET = `whsec_${Buffer.alloc(32, 2).toString("base64")}`;
const SECRETS: Readonly<Record<string, string>> = {
  "secret://HOOK": SECRET,
  "secret://OLD_HOOK": OLD_SECRET,
};
const secret = (reference: string): Promise<string> => Promise.resolve(SECRETS[reference]!);

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

async function receiver(settings: Partial<ReceiverSettings> = {}): Promise<Receiver> {
  const started = await startReceiver({ secrets: [SECRET], ...settings });
  cleanups.push(() => started.close());
  return started;
}

function actionFor(hosts: readonly string[], more: Partial<WebhookActionParts> = {}) {
  const http = createCheckedHttp({ allowedHosts: [...hosts], logger });
  cleanups.push(() => http.close());
  return createWebhookAction({
    http: () => Promise.resolve(http),
    now: () => new Date(),
    isAllowedHost: createAllowedHosts(hosts),
    ...more,
  });
}

type Try = Partial<DeliveryContext> & {
  readonly config?: Partial<WebhookConfig>;
  readonly parts?: Partial<WebhookActionParts>;
  readonly files?: readonly (readonly [string, string])[];
};

const FILES = [["README.md", "# Grüße\n"]] as const;

function deliver({ url, host }: Receiver, given: Try = {}): Promise<DeliveryReceipt> {
  const { config, parts, files = FILES, ...context } = given;
  const action = actionFor([host], parts);
  return action.deliver(
    { url, secret: "secret://HOOK", ...config },
    deliveryContext(files, { secret, ...context }),
  );
}

async function refusal(to: Receiver, given: Try = {}): Promise<DeliveryError> {
  const error: unknown = await deliver(to, given).catch((thrown: unknown) => thrown);
  if (error instanceof DeliveryError) return error;
  throw new Error(`no DeliveryError: ${String(error)}`);
}

deliveryActionSuite<WebhookConfig>("webhook", async () => {
  const to = await startReceiver({ secrets: [SECRET] });
  return {
    action: actionFor([to.host]),
    config: { url: to.url, secret: "secret://HOOK" },
    context: { secret },
    result: () =>
      Promise.resolve(new Map(to.received.map(({ id, body, problem }) => [id, { body, problem }]))),
    close: () => to.close(),
  };
});

test("the receiver verifies a message that tells all of the result", async () => {
  const to = await receiver();
  const receipt = await deliver(to, { config: { url: `${to.url}?token=t0ken` } });
  expect(to.received).toMatchObject([
    { problem: null, type: "workflow.delivered", path: "/hooks?token=t0ken" },
  ]);
  const { id, body } = to.received[0]!;
  const { workflow_id, tree_hash, at } = deliveryContext(FILES);
  const message = JSON.parse(body) as { timestamp: string; data: Record<string, unknown> };
  expect(message.timestamp).toBe(at);
  expect(message.data).toMatchObject({
    workflow_id,
    tree_hash,
    tenant_id: "default",
    title: "Grüße für alle: a greeter",
    verdict: "verified",
    summary: "It says hello.",
    criteria: [{ id: "AC1", level: "must", verdict: "met" }, { id: "AC2" }],
    bundle: `/api/v1/workflows/${workflow_id}/bundle`,
    artifacts: [
      {
        path: "README.md",
        kind: "markdown",
        size: 10,
        content: "# Grüße\n",
        sha256: hash("sha256", "# Grüße\n"),
      },
    ],
    contents_omitted: false,
  });
  expect(receipt.links).toEqual([to.url]);
  expect(receipt.metadata).toContainEqual({ name: "message_id", value: id });
  expect(receipt.metadata).toContainEqual({ name: "status", value: "204" });
  expect(JSON.stringify(receipt)).not.toContain("t0ken");
});

test("a summary alone leaves the files out, and 5 MB of them leave their contents", async () => {
  const to = await receiver();
  const dataOf = (at: number) =>
    (JSON.parse(to.received[at]!.body) as { data: Record<string, unknown> }).data;
  await deliver(to, { config: { include: "summary" } });
  expect(dataOf(0)).not.toHaveProperty("artifacts");
  // Half as long as what it becomes in JSON.
  await deliver(to, { files: [["quotes.txt", '"'.repeat(3 * 1024 * 1024)]] });
  expect(dataOf(1)).toMatchObject({
    contents_omitted: true,
    artifacts: [{ path: "quotes.txt", size: 3 * 1024 * 1024 }],
  });
  expect((dataOf(1)["artifacts"] as object[])[0]).not.toHaveProperty("content");
  expect(to.received[1]!.body.length).toBeLessThan(5000);
});

test("the id is the same for the same message of one tree, and another for any other", async () => {
  const to = await receiver();
  await deliver(to, { key: "w/webhook/t1" });
  await deliver(to, { key: "w/webhook/t1" });
  await deliver(to, { key: "w/webhook/t2" });
  await deliver(to, { key: "w/webhook/t1", summary: "It says more." });
  const [first, again, ...others] = to.received.map(({ id }) => id);
  expect(first).toMatch(/^msg_[0-9a-f]{32}$/);
  expect(again).toBe(first);
  expect(new Set([first, ...others]).size).toBe(3);
});

test("a receiver that still knows the old secret verifies what is signed with both", async () => {
  const to = await receiver({ secrets: [OLD_SECRET] });
  await deliver(to, { config: { previous_secret: "secret://OLD_HOOK" } });
  expect(to.received).toMatchObject([{ problem: null }]);
});

test("a message that is signed with another secret is refused by the receiver", async () => {
  const to = await receiver();
  const error = await refusal(to, { secret: () => Promise.resolve(OLD_SECRET) });
  expect(error.temporary).toBe(false);
  expect(to.received).toMatchObject([{ problem: "No matching signature found", answer: "401" }]);
});

test.each([
  ["500", { temporary: true, retry_after_ms: null }, "answered 500"],
  ["429:7", { temporary: true, retry_after_ms: 7000 }, "answered 429"],
  ["cut", { temporary: true, retry_after_ms: null }, "was not taken"],
  ["410", { temporary: false, retry_after_ms: null }, "wants no more"],
  ["404", { temporary: false, retry_after_ms: null }, "secret://HOOK, then deliver again"],
  ["302:http://127.0.0.1:1/", { temporary: false, retry_after_ms: null }, "give its final URL"],
])("the answer %s says whether it is tried again", async (answer, outcome, said) => {
  const to = await receiver({ answers: [answer], says: `you said ${SECRET}` });
  const error = await refusal(to);
  expect(error).toMatchObject({ ...outcome, outcome_unknown: false });
  expect(error.message).toContain(said);
  expect(error.message).not.toContain(SECRET.slice(6));
  expect(to.received).toHaveLength(1);
});

test("a secret that is too short is refused before anything is sent", async () => {
  const to = await receiver();
  const short = `whsec_${Buffer.alloc(12, 7).toString("base64")}`;
  const error = await refusal(to, { secret: () => Promise.resolve(short) });
  expect(error.temporary).toBe(false);
  expect(error.message).toContain("openssl rand -base64 32");
  expect(error.message).not.toContain(short.slice(6));
  expect(to.received).toEqual([]);
});

test("a secret of many lines is in no error", async () => {
  const to = await receiver();
  const lines = ["-----BEGIN PRIVATE KEY-----", "aB3".repeat(12)];
  const error = await refusal(to, { secret: () => Promise.resolve(lines.join("\n")) });
  expect(error.temporary).toBe(false);
  for (const line of lines) expect(error.message).not.toContain(line);
  expect(to.received).toEqual([]);
});

test("an address inside is not reached, whatever the configuration said when the work began", async () => {
  const to = await receiver();
  const action = actionFor([]);
  const config = { url: to.url, secret: "secret://HOOK" };
  const error: unknown = await action
    .deliver(config, deliveryContext(FILES, { secret }))
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: "DeliveryError", temporary: false });
  expect(to.received).toEqual([]);
});

test("a rehearsed crash after the answer finds the message sent, and sends it again under its id", async () => {
  const to = await receiver();
  const crash = new Error("the process is killed here");
  const failpoint = (): never => {
    throw crash;
  };
  await expect(deliver(to, { parts: { failpoint } })).rejects.toBe(crash);
  await deliver(to);
  expect(new Set(to.received.map(({ id, body }) => `${id} ${body}`)).size).toBe(1);
  expect(to.received).toHaveLength(2);
});

test("a preview tells where to, what and signed with which, and needs no secret", async () => {
  const to = await receiver();
  const context = deliveryContext(FILES, { secret: () => Promise.reject(new Error("the secret was read")) });
  const config = {
    url: `${to.url}?token=t0ken`,
    secret: "secret://HOOK",
    previous_secret: "secret://OLD_HOOK",
  };
  const { target, effects } = await actionFor([to.host]).preview(config, context);
  expect(target).toBe(to.url);
  expect(effects.join("\n")).toMatch(
    /msg_[0-9a-f]{32} of \d+ bytes\nsigned with secret:\/\/HOOK and secret:\/\/OLD_HOOK/,
  );
  expect(to.received).toEqual([]);
});

test.each([
  ["no URL", { url: "example.com/hook" }, "url"],
  ["http to anybody", { url: "http://example.com/hook" }, "url"],
  ["another protocol", { url: "file:///etc/passwd" }, "url"],
  ["a user in the URL", { url: "https://ann@example.com/" }, "url"],
  ["a password in the URL", { url: "https://ann:pw@example.com/" }, "url"],
  ["a fragment", { url: "https://example.com/#x" }, "url"],
  ["an address of this machine", { url: "https://127.0.0.1/" }, "url"],
  ["one in other numbers", { url: "https://2130706433/" }, "url"],
  ["one of IPv6", { url: "https://[::1]/" }, "url"],
  ["one of the cloud", { url: "https://169.254.169.254/latest" }, "url"],
  ["a name that is none", { url: "https://-x/" }, "url"],
  ["a secret itself", { secret: SECRET }, "secret"],
  ["an old secret itself", { previous_secret: SECRET }, "previous_secret"],
  ["something else to include", { include: "everything" }, "include"],
])("a configuration with %s is refused before any work is done", (_, wrong, field) => {
  const usual = { url: "https://example.com/hook", secret: "secret://HOOK" };
  const { config } = actionFor(["allowed.example", "10.0.0.7"]);
  expect(config.safeParse(usual).success).toBe(true);
  expect(config.safeParse({ ...usual, url: "http://allowed.example/hook" }).success).toBe(true);
  expect(config.safeParse({ ...usual, url: "https://10.0.0.7/hook" }).success).toBe(true);
  const { error } = config.safeParse({ ...usual, ...wrong });
  expect(error?.issues[0]?.path).toEqual([field]);
  expect(error?.issues[0]?.message).not.toContain(SECRET.slice(6));
});
