import { expect, test } from "vitest";

import { retryAfterMs } from "./retry-after.ts";

const now = Date.parse("2026-11-23T10:00:00Z");

test.each([
  [{}, null],
  [{ "retry-after": "" }, null],
  [{ "retry-after": "soon" }, null],
  [{ "retry-after": "0" }, 0],
  [{ "retry-after": "2" }, 2000],
  [{ "retry-after": "1.5" }, 1500],
  [{ "retry-after": "-3" }, 0],
  [{ "retry-after": "Mon, 23 Nov 2026 10:01:30 GMT" }, 90_000],
  [{ "retry-after": "Mon, 23 Nov 2026 09:00:00 GMT" }, 0],
  [{ "retry-after": "9", "retry-after-ms": "250" }, 250],
])("%j asks to wait %s ms", (headers: Record<string, string>, expected) => {
  expect(retryAfterMs((name) => headers[name] ?? null, now)).toBe(expected);
});
