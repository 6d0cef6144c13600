import { beforeEach, expect, test } from "vitest";

import { ManualClock } from "../../engine/testing/manual-clock.testsuite.ts";
import { createSecretResolver } from "../../secrets/secret-resolver.ts";
import { recordingLogger } from "../../storage/testsuite/store-under-test.testsuite.ts";
import { createHookSecrets } from "./hook-secrets.ts";
import { aHook } from "./payloads.testsuite.ts";

let clock: ManualClock;
let logger: ReturnType<typeof recordingLogger>;
let environment: Record<string, string>;
let asked: number;
let secretOf: ReturnType<typeof createHookSecrets>;
beforeEach(() => {
  clock = new ManualClock();
  logger = recordingLogger();
  environment = {};
  asked = 0;
  const variable = (name: string): string | undefined => {
    if (name === "SITE_HOOK") asked += 1;
    return environment[name];
  };
  const nothingStored = { read: () => Promise.resolve(null) };
  const secrets = createSecretResolver({ store: nothingStored, allowed: ["SITE_HOOK"], variable });
  secretOf = createHookSecrets({ secrets, now: () => clock.now(), logger });
});

const named = aHook({ secret: "secret://SITE_HOOK" });

test("a secret that stands in the configuration is taken as it is", async () => {
  expect(await secretOf(aHook({ secret: "sixteen-characters" }))).toBe("sixteen-characters");
});

test("a named one is found, and kept for as long as a forger may hurry", async () => {
  environment["SITE_HOOK"] = "the first secret of the site";
  expect(await secretOf(named)).toBe("the first secret of the site");
  environment["SITE_HOOK"] = "the second secret of the site";
  clock.advance(9_999);
  expect(await secretOf(named)).toBe("the first secret of the site");
  expect(asked).toBe(1);
  clock.advance(1);
  expect(await secretOf(named)).toBe("the second secret of the site");
});

test("one that is nowhere verifies nothing, and the log says so once in a while", async () => {
  expect(await secretOf(named)).toBeNull();
  expect(await secretOf(named)).toBeNull();
  expect(logger.lines).toEqual([
    {
      level: "warn",
      fields: { hook: "site", reason: expect.stringContaining("SITE_HOOK") },
      message: "events of a hook can't be verified",
    },
  ]);
});

test("one that can be guessed verifies nothing", async () => {
  environment["SITE_HOOK"] = "hunter2hunter2!";
  expect(await secretOf(named)).toBeNull();
  expect(JSON.stringify(logger.lines)).toContain("can be guessed");
  expect(JSON.stringify(logger.lines)).not.toContain("hunter2");
});
