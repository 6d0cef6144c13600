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
