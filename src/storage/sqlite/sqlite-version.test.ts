import { expect, test } from "vitest";

import { requireSoundSqlite } from "./sqlite-version.ts";

test.each(["3.51.3", "3.51.10", "3.52.0", "3.53.4", "4.0.0"])("%s is sound", (version) => {
  expect(() => requireSoundSqlite(version)).not.toThrow();
});

test.each(["3.51.2", "3.50.9", "3.9.99", "2.99.99", "0"])("%s is refused", (version) => {
  expect(() => requireSoundSqlite(version)).toThrow(expect.objectContaining({ code: "storage_failed" }));
  expect(() => requireSoundSqlite(version)).toThrow(version);
});
