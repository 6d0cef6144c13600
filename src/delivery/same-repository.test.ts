import { expect, test } from "vitest";

import { isSameRepository } from "./same-repository.ts";

test.each([
  ["https://github.com/acme/site", "https://github.com/acme/site.git"],
  ["https://github.com/Acme/Site/", "https://somebody:x@github.com/acme/site"],
  ["/srv/git/site.git", "file:///srv/git/site"],
  ["/srv/git/a%20b", "/srv/git/a%20b/"],
  ["file:///srv/git/a%20b", "/srv/git/a b"],
])("%s is %s", (left, right) => {
  expect(isSameRepository(left, right)).toBe(true);
});

test.each([
  ["https://github.com/acme/site", "https://github.com/acme/other"],
  ["https://github.com/acme/site", "https://gitlab.com/acme/site"],
  ["/srv/git/Site", "/srv/git/site"],
  ["no address", "no address"],
])("%s is not %s", (left, right) => {
  expect(isSameRepository(left, right)).toBe(false);
});

test("a million slashes are read once", () => {
  expect(isSameRepository(`/srv${"/".repeat(1_000_000)}x`, "/srv")).toBe(false);
});
