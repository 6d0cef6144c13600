import { hash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";

import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";

import { DeliveryError, type DeliveryContext } from "../../ports/delivery-action.ts";
import { type GitServer, startGitServer } from "../../workspace/git-server.testsuite.ts";
import { recordingLogger } from "../../workspace/recording-logger.testsuite.ts";
import { branchName } from "../branch-name.ts";
import { deliveryContext } from "../delivery-action.testsuite.ts";
import { createGitPushAction, type GitPushParts } from "./git-push-action.ts";
import type { GitPushConfig } from "./git-push-config.ts";
import { type GitRemote, startGitRemote } from "./git-remote.testsuite.ts";

vi.setConfig({ testTimeout: 30_000 });

const TOKEN = "ghp_S3cret~with+odd/characters%";
const BASIC = Buffer.from(`x-access-token:${TOKEN}`).toString("base64");

let remote: GitRemote;
let server: GitServer;
type Guard = (request: IncomingMessage, response: ServerResponse) => "answered" | "pass";
let guard: Guard = () => "pass";
beforeAll(async () => {
  remote = await startGitRemote();
  server = await startGitServer(remote.home, {
    credentials: `x-access-token:${TOKEN}`,
    guard: (request, response) => guard(request, response),
  });
  remote.commit("main", { "a.txt": "older\n" });
  remote.commit("main", { "a.txt": "a\n" });
});
afterAll(async () => {
  await server.close();
  await remote.close();
});
beforeEach(() => {
  remote.git("update-ref", "-d", `refs/heads/${BRANCH}`);
});
afterEach(() => {
  guard = () => "pass";
  vi.unstubAllEnvs();
});

const contextOf = (content: string, more: Partial<DeliveryContext> = {}): DeliveryContext => {
  const tree_hash = hash("sha256", content);
  const secret = (reference: string) => Promise.resolve(reference === "secret://TOKEN" ? TOKEN : "wrong");
  return deliveryContext([["b.txt", content]], {
    tree_hash,
    key: `w/git-push/${tree_hash}`,
    secret,
    ...more,
  });
};
const BRANCH = branchName(contextOf(""));
type Given = { config?: Partial<GitPushConfig>; parts?: Partial<GitPushParts> };
const address = (path = "remote.git"): string => `https://localhost:${server.port}/${path}`;
const actionWith = (parts: Partial<GitPushParts> = {}) =>
  createGitPushAction({
    allowed: [],
    written: [],
    isAllowedHost: (url) => url.host === `localhost:${server.port}`,
    certificates: server.certificate,
    author: { name: "Orca", email: "orca@example.org" },
    logger: recordingLogger(),
    ...parts,
  });
const deliver = (context: DeliveryContext, { config, parts }: Given = {}) =>
  actionWith(parts).deliver({ remote: address(), token: "secret://TOKEN", ...config }, context);

function failing(status: number, headers: Record<string, string> = {}): Guard {
  return (_, response) => {
    response.writeHead(status, headers).end();
    return "answered";
  };
}

test("pushes once for two deliveries", async () => {
  const receipt = await deliver(contextOf("once"));
  expect(remote.files(BRANCH)).toEqual({ "a.txt": "a", "b.txt": "once" });
  expect(receipt.links).toEqual([address()]);
  const commits = remote.commits(BRANCH);
  expect(await deliver(contextOf("once"))).toEqual(receipt);
  expect(remote.commits(BRANCH)).toEqual(commits);
  await deliver(contextOf("twice"));
  expect(remote.commits(BRANCH).slice(1)).toEqual(commits);
});

test("the token is in the processes that talk to the remote, and in no command line and no file", async () => {
  const home = join(remote.home, "temporary");
  await mkdir(home);
  vi.stubEnv("TMPDIR", home);
  const seen = { lines: 0, holders: new Set<string>(), files: 0, leaks: new Set<string>() };
  guard = (request) => {
    if (request.headers.authorization !== undefined) lookAround(home, seen);
    return "pass";
  };
  const receipt = await deliver(contextOf("secretly"), {
    parts: { failpoint: () => lookAround(home, seen) },
  });
  expect([...seen.leaks]).toEqual([]);
  expect(seen.lines).toBeGreaterThan(10);
  expect(seen.files).toBeGreaterThan(10);
  expect([...seen.holders]).toContainEqual(expect.stringMatching(/ push /));
  for (const holder of seen.holders)
    expect(holder).toMatch(/\b(ls-remote|fetch|push|remote-https|send-pack)\b/);
  expect(JSON.stringify(receipt)).not.toContain(TOKEN);
  expect(readdirSync(home)).toEqual([]);
});

/** Every command line and environment of this machine that can be read, and every file that was made here. */
function lookAround(
  home: string,
  seen: { lines: number; holders: Set<string>; files: number; leaks: Set<string> },
): void {
  const holds = (text: string): boolean => text.includes(TOKEN) || text.includes(BASIC);
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const line = readOrNothing(`/proc/${pid}/cmdline`).replaceAll("\0", " ");
    seen.lines += line === "" ? 0 : 1;
    if (holds(line)) seen.leaks.add(line);
    if (holds(readOrNothing(`/proc/${pid}/environ`))) seen.holders.add(line);
  }
  for (const entry of readdirSync(home, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    seen.files += 1;
    if (holds(readOrNothing(join(entry.parentPath, entry.name)))) seen.leaks.add(entry.name);
  }
}

/** Processes end while they are looked at. */
function readOrNothing(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

test.each([
  ["a wrong token", { token: "secret://OTHER" }, /another user or token/],
  ["a wrong user", { username: "somebody" }, /another user or token/],
  ["no token", { token: null }, /another user or token/],
  ["a repository that is not there", { remote: "none.git" }, /no such repository/],
])("%s is for a person to mend", async (_, config, message) => {
  const at = "remote" in config ? { remote: address(config.remote) } : config;
  const delivery = deliver(contextOf("b"), { config: at });
  await expect(delivery).rejects.toThrow(DeliveryError);
  await expect(delivery).rejects.toThrow(message);
  await expect(delivery).rejects.toMatchObject({ temporary: false });
});

test.each([
  ["403", failing(403), false, /may not do that/],
  ["a redirect", failing(302, { location: "https://169.254.169.254/" }), false, /redirects/],
  ["503", failing(503), true, /503/],
  ["429", failing(429), true, /429/],
  [
    "a connection that is dropped",
    (request: IncomingMessage) => {
      request.socket.destroy();
      return "answered" as const;
    },
    true,
    /Looking at the remote failed/,
  ],
])("%s leaves a clear error", async (_, answer, temporary, message) => {
  guard = answer;
  const delivery = deliver(contextOf("b"));
  await expect(delivery).rejects.toThrow(message);
  await expect(delivery).rejects.toMatchObject({ temporary });
});

test("a push whose answer is lost is delivered once", async () => {
  guard = (request, response) => {
    if (request.url!.endsWith("/git-receive-pack") && request.method === "POST")
      response.writeHead = () => {
        request.socket.destroy();
        return response;
      };
    return "pass";
  };
  const context = contextOf("lost");
  await expect(deliver(context)).rejects.toMatchObject({ temporary: true });
  guard = () => "pass";
  const commits = remote.commits(BRANCH);
  const receipt = await deliver(context);
  expect(remote.commits(BRANCH)).toEqual(commits);
  expect(receipt.metadata).toContainEqual({ name: "commit", value: commits[0] });
});

test("a remote that sends the token back does not bring it into the error", async () => {
  await remote.hook(`echo 'you sent ${TOKEN} and ${BASIC}' >&2; exit 1`);
  const error: unknown = await deliver(contextOf("b")).catch((thrown: unknown) => thrown);
  await remote.hook("exit 0");
  expect(String(error)).toContain("you sent [token] and [token]");
  expect(String((error as Error).cause)).not.toContain(TOKEN);
});

test("nothing is sent to a host inside that is not allowed", async () => {
  const before = server.requests.length;
  const delivery = deliver(contextOf("b"), { parts: { isAllowedHost: () => false } });
  await expect(delivery).rejects.toThrow(DeliveryError);
  await expect(delivery).rejects.toMatchObject({ temporary: false });
  const literal = { remote: `https://127.0.0.1:443/remote.git` };
  await expect(deliver(contextOf("b"), { config: literal })).rejects.toThrow(/public internet/);
  expect(server.requests).toHaveLength(before);
});

test("a preview asks nobody with the token, and reads no secret", async () => {
  const before = server.requests.length;
  const secret = () => Promise.reject(new Error("the secret was read"));
  const { target, effects } = await actionWith().preview(
    { remote: address(), token: "secret://TOKEN" },
    contextOf("b", { secret }),
  );
  expect(target).toBe(`localhost:${server.port}/remote, branch ${BRANCH}`);
  expect(effects).toEqual([
    `makes the branch ${BRANCH}, or adds a commit to it, with the token of secret://TOKEN`,
    "brings b.txt",
    "the remote was not asked: nobody is shown the token before the delivery is approved",
  ]);
  expect(server.requests).toHaveLength(before);
});

test("a preview without a token asks the remote", async () => {
  const preview = actionWith().preview({ remote: address() }, contextOf("b"));
  await expect(preview).rejects.toThrow(/another user or token/);
});

test("a host that is not known by its certificate gets no token", async () => {
  const delivery = deliver(contextOf("b"), { parts: { certificates: "/dev/null" } });
  await expect(delivery).rejects.toThrow(/certificate/);
  await expect(delivery).rejects.toMatchObject({ temporary: false });
});

test("a host that is away is tried again", async () => {
  const home = join(remote.home, "away");
  await mkdir(home);
  const other = await startGitServer(home);
  await other.close();
  const at = `localhost:${other.port}`;
  const delivery = deliver(contextOf("b"), {
    config: { remote: `https://${at}/remote.git` },
    parts: { isAllowedHost: (url) => url.host === at },
  });
  await expect(delivery).rejects.toMatchObject({ temporary: true });
});

test.each(["", "two\nlines"])("%j is no token", async (value) => {
  const secret = () => Promise.resolve(value);
  await expect(deliver(contextOf("b", { secret }))).rejects.toThrow("Set it again");
});

test("a remote that never answers does not hold an aborted delivery", async () => {
  const controller = new AbortController();
  guard = () => {
    controller.abort(new Error("stopped"));
    return "answered";
  };
  await expect(deliver(contextOf("b", { signal: controller.signal }))).rejects.toThrow("stopped");
});
