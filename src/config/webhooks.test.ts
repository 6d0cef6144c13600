import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { ConfigError } from "./config-error.ts";
import { loadConfig } from "./load-config.ts";
import { WebhookEndpoint, WebhookEndpoints } from "./webhooks.ts";

const SECRET = `whsec_${Buffer.alloc(24, 7).toString("base64")}`;
const given = { name: "ops", url: "https://ops.test/hooks", secret: SECRET };

function problems(settings: object): string[] {
  return (
    WebhookEndpoint.safeParse({ ...given, ...settings }).error?.issues.map(({ message }) => message) ?? []
  );
}

test("an endpoint is told of everything by default, of everybody's workflows", () => {
  expect(WebhookEndpoint.parse(given)).toEqual({
    ...given,
    previous_secret: null,
    events: ["*"],
    tenants: null,
    enabled: true,
  });
});

test.each([
  ["an unknown setting", { method: "PUT" }, /unrecognized/i],
  ["a name that could reach into another's messages", { name: "a--b" }, /hyphens/],
  ["credentials in the address", { url: "https://a:b@ops.test/" }, /no user or password/],
  ["another scheme", { url: "file:///etc/passwd" }, /whole URL/],
  ["a fragment", { url: "https://ops.test/#here" }, /never sent/],
  ["a secret that others can guess", { secret: "hunter2-hunter2-hunter2-hunter2-hunter2" }, /openssl rand/],
  ["a secret of too few bytes", { secret: "whsec_AAAA" }, /openssl rand/],
  ["a previous secret that is none", { previous_secret: "secret://" }, /openssl rand/],
  ["no events", { events: [] }, /1/],
  ["an event that is misspelt", { events: ["workflow.complete"] }, /did you mean workflow\.completed\?/],
  ["an event that there is not", { events: ["lunch"] }, /there are workflow\.completed, .*, or \* for all/],
  ["a tenant that can't be one", { tenants: ["a b"] }, /letters/],
])("%s is refused, and no secret is repeated", (_what, settings, problem) => {
  const found = problems(settings);
  expect(found.join("\n")).toMatch(problem);
  expect(found.join("\n")).not.toContain("hunter2");
});

test("secrets by name, several events and chosen tenants are accepted", () => {
  const settings = {
    secret: "secret://OPS_HOOK",
    previous_secret: SECRET,
    events: ["workflow.failed", "approval.requested"],
    tenants: ["acme"],
    url: "http://10.0.0.7:8080/in",
  };
  expect(problems(settings)).toEqual([]);
});

test("no two endpoints have the same name", () => {
  const parsed = WebhookEndpoints.safeParse([given, { ...given, url: "https://other.test/" }]);
  expect(parsed.error?.issues).toMatchObject([{ path: [1, "name"], message: "the name ops is used twice" }]);
});

test("in orca.yaml secrets come from variables, and a literal one is refused unseen", () => {
  const cwd = mkdtempSync(join(tmpdir(), "orca-webhooks-"));
  onTestFinished(() => rmSync(cwd, { recursive: true }));
  const load = (secret: string, previous: string) => {
    const lines = [`url: https://ops.test/`, `secret: ${secret}`, `previous_secret: ${previous}`];
    writeFileSync(join(cwd, "orca.yaml"), `webhooks:\n  - name: ops\n    ${lines.join("\n    ")}\n`);
    return loadConfig({ flags: {}, env: { HOOK: SECRET }, cwd }).config.webhooks;
  };
  const found = load("${HOOK}", "secret://OLD_HOOK");
  expect(found).toMatchObject([{ name: "ops", secret: SECRET, previous_secret: "secret://OLD_HOOK" }]);
  const refuses = (secret: string, previous: string): readonly string[] => {
    try {
      load(secret, previous);
    } catch (error) {
      if (error instanceof ConfigError) return error.problems;
    }
    return [];
  };
  const advice = "a secret does not belong in a file; write ${VARIABLE}, or secret://NAME of the tenant";
  expect(refuses(SECRET, "${HOOK}")).toEqual([`orca.yaml:4:13: webhooks.0.secret: ${advice}`]);
  expect(refuses("${HOOK}", SECRET)).toEqual([`orca.yaml:5:22: webhooks.0.previous_secret: ${advice}`]);
});
