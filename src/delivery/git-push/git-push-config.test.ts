import { expect, test } from "vitest";

import { recordingLogger } from "../../workspace/recording-logger.testsuite.ts";
import { failureOf } from "./git-failure.ts";
import { createGitPushAction } from "./git-push-action.ts";
import { webLinks } from "./web-links.ts";

const { config } = createGitPushAction({
  allowed: ["/srv/git"],
  written: ["/srv/git/written", "/srv/git/half.git/files"],
  isAllowedHost: (url) => url.host === "192.168.7.7",
  author: { name: "Orca", email: "orca@example.org" },
  logger: recordingLogger(),
});
const HTTPS = "https://git.example/acme/site.git";

test.each([
  { remote: HTTPS },
  { remote: "https://93.184.215.14/site.git" },
  { remote: "https://192.168.7.7/site.git" },
  { remote: "https://git_host.example./site.git" },
  { remote: "/srv/git/site.git" },
  { remote: "file:///srv/git/a%20b.git" },
  { remote: HTTPS, branch: "feature/x", base: "main", path: "docs/site", username: "ann" },
  { remote: HTTPS, token: "secret://GIT_TOKEN", author: { name: "Ann B.", email: "ann@example.org" } },
  { remote: HTTPS, branch: null, base: null, path: null, username: null, token: null, author: null },
])("%j is taken", (given) => {
  expect(config.safeParse(given).error).toBeUndefined();
});

test.each([
  [{}, "remote", ""],
  [{ remote: "" }, "remote", "write an https URL"],
  [{ remote: "http://git.example/a" }, "remote", "only https URLs"],
  [{ remote: "ssh://git@git.example/a" }, "remote", "only https URLs"],
  [{ remote: "git@github.com:acme/site.git" }, "remote", "only https URLs"],
  [{ remote: "ext::sh -c evil" }, "remote", "only https URLs"],
  [{ remote: "--upload-pack=evil" }, "remote", "only https URLs"],
  [{ remote: "../site" }, "remote", "only https URLs"],
  [{ remote: "https://ann:hunter2@git.example/a" }, "remote", "name the secret as token"],
  [{ remote: "https://ghp_token@git.example/a" }, "remote", "name the secret as token"],
  [{ remote: `${HTTPS}?token=1` }, "remote", "no ? or #"],
  [{ remote: `${HTTPS}#x` }, "remote", "no ? or #"],
  [{ remote: "https://git.example/acme%2Fsite" }, "remote", "encoded"],
  [{ remote: "file://host/srv/git/a" }, "remote", "names no host"],
  [{ remote: "file:///srv/git/..%2fprivate" }, "remote", "encoded"],
  [{ remote: "/srv/git/a\nb" }, "remote", "control characters"],
  [{ remote: "/srv/private" }, "remote", 'delivery: { git: { allowed: ["/srv/private"] } }'],
  [{ remote: "/srv/git/../private" }, "remote", "is not allowed to be pushed to"],
  [{ remote: "/srv/git-too" }, "remote", "is not allowed to be pushed to"],
  [{ remote: "/srv/git/written/a.git" }, "remote", "nobody knows whose repository"],
  [{ remote: "/srv/git/half.git" }, "remote", "nobody knows whose repository"],
  [{ remote: "https://127.0.0.1/a.git" }, "remote", 'egress: { allowed_hosts: ["127.0.0.1"] }'],
  [{ remote: "https://10.1.2.3:8443/a.git" }, "remote", 'egress: { allowed_hosts: ["10.1.2.3:8443"] }'],
  [{ remote: "https://0x7f.1/a.git" }, "remote", "no address of the public internet"],
  [{ remote: "https://[::1]/a.git" }, "remote", "no address of the public internet"],
  [{ remote: "https://[::ffff:10.0.0.1]/a.git" }, "remote", "no address of the public internet"],
  [{ remote: "https://169.254.169.254/a.git" }, "remote", "no address of the public internet"],
  [{ remote: "https://-x/a.git" }, "remote", "no name of a host"],
  [{ remote: "https://a..b/a.git" }, "remote", "no name of a host"],
  [{ remote: HTTPS, branch: "-evil" }, "branch", "no name of a branch"],
  [{ remote: HTTPS, branch: "a..b" }, "branch", "no name of a branch"],
  [{ remote: HTTPS, branch: "a:refs/heads/main" }, "branch", "no name of a branch"],
  [{ remote: HTTPS, branch: "refs/heads/main" }, "branch", "without refs/heads"],
  [{ remote: HTTPS, branch: "HEAD" }, "branch", "name of a branch"],
  [{ remote: HTTPS, base: "--all" }, "base", "no name of a branch"],
  [{ remote: HTTPS, path: "../out" }, "path", ".. segment"],
  [{ remote: HTTPS, path: ".git/hooks" }, "path", ".git"],
  [{ remote: HTTPS, token: "ghp_literal" }, "token", "secret://"],
  [{ remote: "/srv/git/a", token: "secret://GIT_TOKEN" }, "token", "only an https remote"],
  [{ remote: HTTPS, username: "a\nb" }, "username", "no spaces"],
  [{ remote: HTTPS, author: { name: "A\nB", email: "a@example.org" } }, "author.name", "one line"],
  [{ remote: HTTPS, author: { name: "A", email: "a@example.org> evil" } }, "author.email", "no spaces"],
])("%j is refused at %s", (given, path, message) => {
  const issue = config.safeParse(given).error?.issues[0];
  expect(issue?.path.join(".")).toBe(path);
  expect(issue?.message).toContain(message);
  expect(issue?.message).not.toContain("hunter2");
});

test.each([
  ["https://github.com/acme/site.git", "https://github.com/acme/site/tree/orca/a%23b"],
  [
    "https://gitlab.example.org/acme/deep/site",
    "https://gitlab.example.org/acme/deep/site/-/tree/orca/a%23b",
  ],
  ["https://codeberg.org/acme/site/", "https://codeberg.org/acme/site/src/branch/orca/a%23b"],
  ["https://bitbucket.org/acme/site.git", "https://bitbucket.org/acme/site/branch/orca/a%23b"],
  ["https://git.example/acme/site.git", "https://git.example/acme/site.git"],
  ["https://evilgithub.com/acme/site", "https://evilgithub.com/acme/site"],
  ["file:///srv/github.com/site", "file:///srv/github.com/site"],
])("the branch at %s is seen at %s", (remote, page) => {
  expect(webLinks(new URL(remote), "orca/a#b", "c0ffee")[0]).toBe(page);
});

const redacted = (text: string) => text.replaceAll("hunter2", "[token]");

test.each([
  ["fatal: Authentication failed for 'https://x/'", false, "another user or token"],
  [
    "fatal: could not read Username for 'https://x': terminal prompts disabled",
    false,
    "another user or token",
  ],
  ["remote: Write access to repository not granted.\nfatal: returned error: 403", false, "may not do that"],
  ["remote: Repository not found.\nfatal: repository 'https://x/' not found", false, "no such repository"],
  ["fatal: detected dubious ownership in repository at '/srv/a'", false, "another user of this machine"],
  ["fatal: unable to update url base from redirection", false, "redirects"],
  ["fatal: server certificate verification failed. CAfile: none", false, "by its certificate"],
  ["fatal: mismatched algorithms: client sha1; server sha256", false, "SHA-256"],
  ["fatal: Could not resolve host: x", true, ""],
  ["fatal: Failed to connect to x port 443 after 1 ms", true, ""],
  ["error: RPC failed; HTTP 502 curl 22 The requested URL returned error: 502", true, ""],
  ["fatal: GnuTLS recv error (-110): The TLS connection was non-properly terminated.", true, ""],
  ["fatal: the remote end hung up unexpectedly", true, ""],
  ["fatal: something new with hunter2 in it", false, "with [token] in it"],
  ["", false, "Git says: nothing"],
])("%j is told to a person, and what passes is tried again: %s", (stderr, temporary, said) => {
  const error = failureOf("Pushing", { stderr, timedOut: false }, redacted);
  expect(error.temporary).toBe(temporary);
  expect(error.message).toContain(said);
  expect(error.message).not.toMatch(/hunter2|\n/);
});

test("what took too long is tried again, and endless words are cut", () => {
  const error = failureOf("Pushing", { stderr: "x\u001b[31m".repeat(1_000), timedOut: true }, redacted);
  expect(error.temporary).toBe(true);
  expect(error.message.length).toBeLessThan(700);
  expect(error.message).not.toContain("\u001b");
});
