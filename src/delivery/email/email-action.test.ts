import { createServer, type Socket } from "node:net";

import { afterEach, expect, test } from "vitest";

import {
  type MailServer,
  type MailServerSettings,
  startMailServer,
} from "../../../test/email/mail-server.ts";
import { attachmentsOf, partOf, readMail } from "../../../test/email/read-mail.ts";
import { type DeliveryContext, DeliveryError, type DeliveryReceipt } from "../../ports/delivery-action.ts";
import { SecretError } from "../../ports/secrets.ts";
import { deliveryActionSuite, deliveryContext } from "../delivery-action.testsuite.ts";
import { createEmailAction, type EmailActionParts, type EmailConfig } from "./email-action.ts";

const LOGIN = { user: "orca", password: "correct horse battery" };
const FILES = [["src/greet.js", "export const greet = 1;\r\n  \n"]] as const;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanups.splice(0).toReversed()) await cleanUp();
});

async function mailServer(settings: MailServerSettings = {}): Promise<MailServer> {
  const started = await startMailServer(settings);
  cleanups.push(() => started.close());
  return started;
}

type Try = Partial<DeliveryContext> & {
  readonly config?: Partial<EmailConfig>;
  readonly server?: Partial<EmailActionParts["server"]>;
  readonly parts?: Partial<EmailActionParts>;
  readonly files?: readonly (readonly [string, string])[];
};

function actionAt(port: number, { server = {}, parts = {} }: Try = {}) {
  return createEmailAction({
    server: {
      host: "127.0.0.1",
      port,
      secure: "none",
      user: null,
      password: null,
      from: "orca@example.com",
      allowed_recipients: ["@example.com"],
      ...server,
    },
    resolveSecret: () => Promise.resolve(LOGIN.password),
    timeouts: { connect_ms: 5000, silence_ms: 5000 },
    ...parts,
  });
}

function deliver(port: number, given: Try = {}): Promise<DeliveryReceipt> {
  const { config, server: _server, parts: _parts, files = FILES, ...context } = given;
  return actionAt(port, given).deliver(
    { to: ["ann@example.com"], ...config },
    deliveryContext(files, context),
  );
}

async function refusal(port: number, given: Try = {}): Promise<DeliveryError> {
  const error: unknown = await deliver(port, given).catch((thrown: unknown) => thrown);
  if (error instanceof DeliveryError) return error;
  throw new Error(`no DeliveryError: ${String(error)}`);
}

deliveryActionSuite<EmailConfig>("email", async () => {
  const server = await startMailServer();
  return {
    action: actionAt(server.port),
    config: { to: ["ann@example.com"] },
    result: () =>
      Promise.resolve(new Set(server.received.map(({ raw }) => readMail(raw).headers.get("message-id")))),
    close: () => server.close(),
  };
});

test("people get the summary as text and as HTML, with the files as they are", async () => {
  const server = await mailServer();
  const receipt = await deliver(server.port, {
    config: { to: ["ann@example.com", "Bob@Example.com", "ANN@example.com"] },
  });
  expect(server.received).toMatchObject([
    { from: "orca@example.com", to: ["ANN@example.com", "Bob@Example.com"], user: null },
  ]);
  const mail = readMail(server.received[0]!.raw);
  expect(Object.fromEntries(mail.headers)).toMatchObject({
    subject: "Grüße für alle: a greeter",
    to: "ANN@example.com, Bob@example.com",
    "x-orca-workflow": "wf_0198c0de000070004f2a91c0deadbeef",
    "auto-submitted": "auto-generated",
    "message-id": receipt.metadata.find(({ name }) => name === "message_id")?.value,
  });
  for (const type of ["text/plain", "text/html"]) {
    const said = partOf(mail, type)?.content.toString();
    for (const fact of ["verified", "It says hello.", "AC1", "src/greet.js", "/bundle"])
      expect(said).toContain(fact);
  }
  expect(attachmentsOf(mail)).toEqual([["src_greet.js", Buffer.from(FILES[0][1])]]);
});

test.each([
  ["a second address in it", "ann@example.com, eve@evil.example"],
  ["a name", "Ann <ann@example.com>"],
  ["a line break", "ann@example.com\r\nBcc: eve@evil.example"],
  ["a quoted part", '"eve@evil.example x"@example.com'],
  ["another domain", "ann@evil.example"],
  ["a domain below", "ann@mail.example.com"],
  ["a domain that ends alike", "ann@notexample.com"],
  ["no @", "example.com"],
])("a recipient with %s is refused before any work is done", (_, address) => {
  const { config } = actionAt(1);
  expect(config.safeParse({ to: [address] }).error?.issues[0]?.path).toEqual(["to", 0]);
});

test("the operator says who may get mail", () => {
  const accepts = (allowed: string[], to: unknown): boolean =>
    actionAt(1, { server: { allowed_recipients: allowed } }).config.safeParse({ to }).success;
  expect(accepts([], ["ann@example.com"])).toBe(false);
  expect(accepts(["Ann@Example.com"], ["ann@example.com"])).toBe(true);
  expect(accepts(["ann@example.com"], ["bob@example.com"])).toBe(false);
  expect(accepts(["@example.com"], ["bob@EXAMPLE.com"])).toBe(true);
  expect(accepts(["@example.com"], [])).toBe(false);
  expect(
    accepts(
      ["@example.com"],
      Array.from({ length: 21 }, (_, at) => `p${at}@example.com`),
    ),
  ).toBe(false);
  const { error } = actionAt(1, { server: { allowed_recipients: ["@a.example"] } }).config.safeParse({
    to: ["ann@b.example"],
  });
  expect(error?.issues[0]?.message).toContain('allowed_recipients: ["@a.example","ann@b.example"]');
});

test.each(["two\r\nlines", "a\0b", "", "x".repeat(201), "a\u2028b"])(
  "the subject %j is refused",
  (subject) => {
    const { config } = actionAt(1);
    expect(config.safeParse({ to: ["ann@example.com"], subject }).success).toBe(false);
  },
);

test("a preview tells whom, from where and what, and connects to nobody", async () => {
  const server = await mailServer();
  const context = deliveryContext(FILES);
  const { target, effects } = await actionAt(server.port).preview({ to: ["ann@example.com"] }, context);
  expect(target).toBe("ann@example.com");
  expect(effects[0]).toContain(`from orca@example.com by 127.0.0.1:${server.port}`);
  expect(effects[1]).toBe(`attaches src_greet.js (${FILES[0][1].length} bytes)`);
  expect(server.connections()).toBe(0);
});

test("the login is the operator's, looked up when it is needed", async () => {
  const server = await mailServer({ login: LOGIN });
  const asked: string[] = [];
  const resolveSecret = (name: string): Promise<string> => {
    asked.push(name);
    return Promise.resolve(LOGIN.password);
  };
  const login = { user: LOGIN.user, password: "secret://SMTP_PASSWORD" };
  const secret = (): Promise<string> => Promise.reject(new Error("the tenant's secrets were asked"));
  await deliver(server.port, { server: login, parts: { resolveSecret }, secret });
  expect(asked).toEqual(["SMTP_PASSWORD"]);
  expect(server.received).toMatchObject([{ user: "orca" }]);
  const missing = () => Promise.reject(new SecretError("There is no secret SMTP_PASSWORD."));
  const error = await refusal(server.port, { server: login, parts: { resolveSecret: missing } });
  expect(error).toMatchObject({ temporary: false, outcome_unknown: false });
  expect(error.message).toContain("There is no secret SMTP_PASSWORD.");
});

test("a refused login says what to mend, and repeats no password", async () => {
  const server = await mailServer({ login: LOGIN });
  const password = "wrong pass word";
  const error = await refusal(server.port, {
    server: { user: "orca", password: "secret://SMTP_PASSWORD" },
    parts: { resolveSecret: () => Promise.resolve(password) },
  });
  expect(error).toMatchObject({ temporary: false, outcome_unknown: false });
  expect(error.message).toMatch(/535 .*orca.*delivery\.email\.user.*secret:\/\/SMTP_PASSWORD/);
  expect(error.message).not.toContain(password);
  expect(error.message).not.toContain(Buffer.from(password).toString("base64"));
  expect(server.received).toEqual([]);
});

test("a password of many lines is refused before anybody is connected to, and not repeated", async () => {
  const server = await mailServer({ login: LOGIN });
  const lines = ["-----BEGIN PRIVATE KEY-----", "aB3".repeat(12)];
  const error = await refusal(server.port, {
    server: { user: "orca", password: "secret://SMTP_PASSWORD" },
    parts: { resolveSecret: () => Promise.resolve(lines.join("\n")) },
  });
  expect(error).toMatchObject({ temporary: false, outcome_unknown: false });
  expect(error.message).toContain("secret://SMTP_PASSWORD");
  for (const line of lines) expect(error.message).not.toContain(line);
  expect(server.connections()).toBe(0);
});

test("a server without a login is not talked to in the name of one", async () => {
  const server = await mailServer();
  const error = await refusal(server.port, { server: { user: "orca", password: "secret://SMTP_PASSWORD" } });
  expect(error).toMatchObject({
    temporary: false,
    message: expect.stringContaining("takes no login") as string,
  });
  expect(server.received).toEqual([]);
});

test.each([
  ["452 mailbox full", { temporary: true, outcome_unknown: false }, "452 mailbox full"],
  ["421 closing down", { temporary: true, outcome_unknown: false }, "421 closing down"],
  ["550 no spam here", { temporary: false, outcome_unknown: false }, "550 no spam here"],
  ["cut", { temporary: false, outcome_unknown: true }, "Ask ann@example.com whether it came"],
  ["never", { temporary: false, outcome_unknown: true }, "Ask ann@example.com whether it came"],
])("a message answered with %s", async (answer, outcome, said) => {
  const server = await mailServer({ answers: [answer] });
  // The server greets after 100 ms.
  const timeouts = { connect_ms: 5000, silence_ms: answer === "never" ? 600 : 5000 };
  const error = await refusal(server.port, { parts: { timeouts } });
  expect(error).toMatchObject(outcome);
  expect(error.message).toContain(said);
  expect(server.received).toHaveLength(1);
});

test.each(["connect", "mail", "rcpt"] as const)(
  "a connection that is cut at %s has sent nothing",
  async (cutAt) => {
    const server = await mailServer({ cut_at: cutAt });
    expect(await refusal(server.port)).toMatchObject({ temporary: true, outcome_unknown: false });
    expect(server.received).toEqual([]);
  },
);

test("a connection that is cut in the middle of the message has sent nothing", async () => {
  const sockets: Socket[] = [];
  let bytes = 0;
  const server = createServer((socket) => {
    sockets.push(socket.on("error", () => undefined));
    socket.write("220 here\r\n");
    socket.on("data", (chunk: Buffer) => {
      const line = chunk.toString("latin1");
      if (bytes > 0 || !/^(EHLO|MAIL|RCPT|DATA)/.test(line)) {
        bytes += chunk.byteLength;
        if (bytes > 100_000) socket.destroy();
      } else socket.write(line.startsWith("DATA") ? "354 go on\r\n" : "250 fine\r\n");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as { port: number };
  const error = await refusal(port, { files: [["long.txt", "y".repeat(9 * 1024 * 1024)]] });
  expect(bytes).toBeGreaterThan(100_000);
  expect(error).toMatchObject({ temporary: true, outcome_unknown: false });
});

test.each([true, false])(
  "all of the recipients get it or none does (commands at once: %s)",
  async (pipelining) => {
    const refused = { "bob@example.com": "550 no such user", "cyd@example.com": "451 come back later" };
    const server = await mailServer({ refused, pipelining });
    const to = (...names: string[]): Try => ({ config: { to: names.map((name) => `${name}@example.com`) } });
    const forEver = await refusal(server.port, to("ann", "bob", "cyd"));
    expect(forEver).toMatchObject({ temporary: false, outcome_unknown: false });
    expect(forEver.message).toMatch(/to anybody.*bob@example\.com \(550 no such user\).*cyd@example\.com/);
    const forNow = await refusal(server.port, to("ann", "cyd"));
    expect(forNow).toMatchObject({ temporary: true, outcome_unknown: false });
    expect(await refusal(server.port, to("bob"))).toMatchObject({ temporary: false, outcome_unknown: false });
    expect(await refusal(server.port, to("cyd"))).toMatchObject({ temporary: true, outcome_unknown: false });
    expect(server.received).toEqual([]);
  },
);

test("a message that is longer than the server takes says how to make it shorter", async () => {
  const server = await mailServer({ most_bytes: 20_000 });
  const error = await refusal(server.port, { files: [["long.txt", "y".repeat(40_000)]] });
  expect(error).toMatchObject({
    temporary: false,
    message: expect.stringContaining("attach: none") as string,
  });
  expect(server.received).toEqual([]);
});

test("nobody there, and a server that never greets, are tried again", async () => {
  const gone = await startMailServer();
  await gone.close();
  expect(await refusal(gone.port)).toMatchObject({ temporary: true, outcome_unknown: false });
  const sockets: Socket[] = [];
  const silent = createServer((socket) => sockets.push(socket));
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
  const timeouts = { connect_ms: 100, silence_ms: 100 };
  const { port } = silent.address() as { port: number };
  expect(await refusal(port, { parts: { timeouts } })).toMatchObject({
    temporary: true,
    outcome_unknown: false,
  });
});

test("whoever calls it off is not held", async () => {
  const server = await mailServer({ answers: ["never"] });
  const controller = new AbortController();
  const outcome = deliver(server.port, { signal: controller.signal });
  await server.until(1);
  controller.abort(new Error("the lease is lost"));
  await expect(outcome).rejects.toThrow("the lease is lost");
  await expect(deliver(server.port, { signal: controller.signal })).rejects.toThrow("the lease is lost");
  expect(server.received).toHaveLength(1);
});
