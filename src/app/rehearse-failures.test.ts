import { afterEach, expect, test } from "vitest";

import { ConfigError } from "../config/config-error.ts";
import { armFailpoints, failpoint, FAILPOINTS } from "../engine/failpoint.ts";
import { StorageError } from "../ports/storage.ts";
import { createLogger } from "../telemetry/pino-logger.ts";
import { rehearseFailures } from "./rehearse-failures.ts";

afterEach(() => armFailpoints(null));

function rehearse(text: string): Record<string, unknown>[] {
  const lines: string[] = [];
  const stream = { write: (line: string) => lines.push(line) };
  rehearseFailures(text, createLogger({ level: "warn", format: "json" }, stream));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

test("a failpoint fails at the hit that was asked for, and only then", () => {
  rehearse("model.before_call:2:throw");
  failpoint("model.before_call");
  failpoint("model.after_call");
  expect(() => failpoint("model.before_call")).toThrow("rehearsed at model.before_call");
  failpoint("model.before_call");
});

test("a commit that fails looks like a store that is away", () => {
  rehearse("commit.before:1:throw, commit.after:1:throw");
  expect(() => failpoint("commit.before")).toThrow(StorageError);
  expect(() => failpoint("commit.after")).toThrow(StorageError);
});

test("that failures are rehearsed is said at once", () => {
  expect(rehearse("commit.before:1:kill")).toMatchObject([
    { level: "warn", failpoints: "commit.before:1:kill", msg: expect.stringContaining("break on purpose") },
  ]);
});

test.each([
  "",
  "commit.before",
  "commit.before:0:kill",
  "commit.before:1:explode",
  "commit:1:kill",
  "commit.before:x:kill",
])("%j is refused with what could be written", (text) => {
  expect(() => rehearse(text)).toThrow(ConfigError);
  expect(() => rehearse(text)).toThrow(/ORCA_FAILPOINTS.*kill\|throw\|hang.*delivery\.after/);
});

test("a failpoint that nobody has armed does nothing", () => {
  expect(() => FAILPOINTS.forEach(failpoint)).not.toThrow();
});
