import { expect, test } from "vitest";

import { KnownBlobs } from "./known-blobs.ts";

test("knows what was added, for the tenant it was added for", () => {
  const blobs = new KnownBlobs();
  blobs.add("acme", "h");
  expect(blobs.has("acme", "h")).toBe(true);
  expect(blobs.has("other", "h")).toBe(false);
  expect(blobs.has("acme", "other")).toBe(false);
});

test("forgets what was not asked for longest", () => {
  const blobs = new KnownBlobs();
  blobs.add("acme", "asked");
  blobs.add("acme", "not asked");
  for (let index = 0; index < 4095; index += 1) {
    expect(blobs.has("acme", "asked")).toBe(true);
    blobs.add("acme", `${index}`);
  }
  expect(blobs.has("acme", "asked")).toBe(true);
  expect(blobs.has("acme", "not asked")).toBe(false);
  expect(blobs.has("acme", "0")).toBe(true);
});

test.each([
  ["six hours later", { wall: 6 * 3_600_000, steady: 6 * 3_600_000 }],
  ["when the machine slept", { wall: 6 * 3_600_000, steady: 1 }],
  ["when its clock was set back", { wall: -6 * 3_600_000, steady: 1 }],
  ["when its clock was set back on the way", { wall: 1, steady: 6 * 3_600_000 }],
])("sends a content again %s, however often it was asked for", (_, later) => {
  let now = { wall: 0, steady: 0 };
  const blobs = new KnownBlobs(() => now);
  blobs.add("acme", "h");
  now = { wall: later.wall / 2, steady: later.steady / 2 };
  expect(blobs.has("acme", "h")).toBe(true);
  now = later;
  expect(blobs.has("acme", "h")).toBe(false);
  blobs.add("acme", "h");
  expect(blobs.has("acme", "h")).toBe(true);
});
