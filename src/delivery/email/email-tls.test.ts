import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";

import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";

import {
  type MailServer,
  type MailServerSettings,
  startMailServer,
} from "../../../test/email/mail-server.ts";
import { deliveryContext } from "../delivery-action.testsuite.ts";
import { createEmailAction } from "./email-action.ts";

type Identity = { readonly key: string; readonly cert: string };

const LOGIN = { user: "orca", password: "correct horse battery" };
const TRUSTED = getCACertificates("default");
let here: Identity;
let elsewhere: Identity;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanups.splice(0).toReversed()) await cleanUp();
});

beforeAll(() => {
  here = identityFor("IP:127.0.0.1");
  elsewhere = identityFor("DNS:elsewhere.example");
  setDefaultCACertificates([...TRUSTED, here.cert, elsewhere.cert]);
});
afterAll(() => setDefaultCACertificates(TRUSTED));

function identityFor(name: string): Identity {
  const folder = mkdtempSync(join(tmpdir(), "orca-mail-"));
  const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  const subject = ["-subj", "/CN=mail", "-addext", `subjectAltName=${name}`];
  const files = ["-keyout", key, "-out", certificate];
  execFileSync("openssl", ["req", "-x509", ...curve, "-nodes", "-days", "2", ...subject, ...files], {
    stdio: "ignore",
  });
  const identity = { key: readFileSync(key, "utf8"), cert: readFileSync(certificate, "utf8") };
  rmSync(folder, { recursive: true });
  return identity;
}

async function mailServer(settings: MailServerSettings): Promise<MailServer> {
  const started = await startMailServer(settings);
  cleanups.push(() => started.close());
  return started;
}

function deliver(port: number, secure: "tls" | "starttls" | "none"): Promise<unknown> {
  const action = createEmailAction({
    server: {
      host: "127.0.0.1",
      port,
      secure,
      user: LOGIN.user,
      password: "secret://SMTP_PASSWORD",
      from: "orca@example.com",
      allowed_recipients: ["@example.com"],
    },
    resolveSecret: () => Promise.resolve(LOGIN.password),
    timeouts: { connect_ms: 2000, silence_ms: 2000 },
  });
  return action.deliver({ to: ["ann@example.com"] }, deliveryContext([["a.md", "# A\n"]]));
}

test.each(["tls", "starttls"] as const)("mail goes out under %s", async (secure) => {
  const server = await mailServer({ secure, identity: here, login: LOGIN });
  await deliver(server.port, secure);
  expect(server.received).toMatchObject([{ secure: true, user: "orca" }]);
});

test.each(["tls", "starttls"] as const)(
  "with %s nobody is told anything in clear or under a wrong name",
  async (secure) => {
    // A person may have switched this off for something else.
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    cleanups.push(() => vi.unstubAllEnvs());
    const refused = { temporary: false, outcome_unknown: false };
    const unknown = await mailServer({ secure, login: LOGIN });
    await expect(deliver(unknown.port, secure)).rejects.toMatchObject({
      ...refused,
      message: expect.stringMatching(/CERT.*NODE_EXTRA_CA_CERTS/) as string,
    });
    const other = await mailServer({ secure, identity: elsewhere, login: LOGIN });
    await expect(deliver(other.port, secure)).rejects.toMatchObject({
      ...refused,
      message: expect.stringContaining("ERR_TLS_CERT_ALTNAME_INVALID") as string,
    });
    expect([...unknown.received, ...other.received]).toEqual([]);
  },
);

test("a server that takes no STARTTLS gets neither login nor message", async () => {
  const server = await mailServer({ secure: "none", login: LOGIN });
  await expect(deliver(server.port, "starttls")).rejects.toMatchObject({
    temporary: false,
    outcome_unknown: false,
    message: expect.stringContaining("Use a server that offers STARTTLS") as string,
  });
  expect(server.received).toEqual([]);
});

test("somebody between who hides STARTTLS hears no login", async () => {
  const heard: string[] = [];
  const server = createServer((socket) => {
    socket.write("220 here\r\n");
    socket
      .on("error", () => undefined)
      .on("data", (chunk: Buffer) => {
        const line = chunk.toString("latin1");
        heard.push(line.slice(0, 8));
        socket.write(line.startsWith("EHLO") ? "250-here\r\n250 AUTH PLAIN\r\n" : "454 not now\r\n");
      });
    cleanups.push(() => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => server.close());
  await expect(deliver((server.address() as { port: number }).port, "starttls")).rejects.toMatchObject({
    temporary: true,
  });
  expect(heard.map((line) => line.split(/[\s]/)[0])).toEqual(["EHLO", "STARTTLS"]);
});

test("tls on a port that speaks in clear says so", async () => {
  const server = await mailServer({ secure: "none", login: LOGIN });
  await expect(deliver(server.port, "tls")).rejects.toMatchObject({
    temporary: false,
    message: expect.stringContaining("does not speak tls on this port") as string,
  });
  expect(server.received).toEqual([]);
});
