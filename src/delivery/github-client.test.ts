import { afterEach, expect, test } from "vitest";

import { deliveriesBy, FIRST, openScene, REPO, type Scene } from "../../test/github/scene.ts";
import { DeliveryError } from "../ports/delivery-action.ts";
import { createRepoCommitAction } from "./repo-commit/repo-commit-action.ts";

const scenes: Scene[] = [];
afterEach(async () => {
  await Promise.all(scenes.splice(0).map(({ fake }) => fake.close()));
});

const { delivery } = deliveriesBy("repo-commit");

/** What a delivery with this token is refused with, and whether anybody was asked. */
async function refusalWith(token: string, fetch?: typeof globalThis.fetch) {
  const opened = await openScene(fetch === undefined ? {} : { fetch });
  scenes.push(opened);
  const context = delivery(FIRST, { secret: () => Promise.resolve(token) });
  const error: unknown = await createRepoCommitAction(opened.parts)
    .deliver({ repo: REPO, token: "secret://TLS_KEY" }, context)
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(DeliveryError);
  const { calls } = opened.fake;
  return { error: error as DeliveryError, asked: calls.length };
}

const LINES = ["-----BEGIN PRIVATE KEY-----", "aB3".repeat(12), "-----END PRIVATE KEY-----"];

test.each([
  ["a key of many lines", `${LINES.join("\n")}\n`],
  ["a line break at its end", "ghp_ends-in-a-line\n"],
  ["a tab", "ghp_tab\tinside"],
  ["a blank", "ghp_blank inside"],
  ["what no header takes", "ghp_snow\u2603man"],
  ["nothing", ""],
])("a token with %s is refused before anything is sent, and not repeated", async (_, token) => {
  const { error, asked } = await refusalWith(token);
  expect(error.temporary).toBe(false);
  expect(error.message).toContain("secret://TLS_KEY");
  for (const part of token.split(/\s+/).filter((line) => line !== ""))
    expect(error.message).not.toContain(part);
  expect(asked).toBe(0);
});

test("what a header is refused with is not repeated", async () => {
  const { error } = await refusalWith("ghp_hidden", () =>
    Promise.reject(new TypeError('Headers.append: "token ghp_hidden" is an invalid header value.')),
  );
  expect(error).toMatchObject({ temporary: true });
  expect(error.message).toContain("could not be reached");
  expect(error.message).not.toContain("hidden");
});

test("the reason why nobody answered is told", async () => {
  const { error } = await refusalWith("ghp_hidden", () => {
    const cause = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:9"), { code: "ECONNREFUSED" });
    return Promise.reject(new TypeError("fetch failed", { cause }));
  });
  expect(error.message).toContain("connect ECONNREFUSED 127.0.0.1:9");
});

test("a token that comes back in an answer is in no error, also where that is cut", async () => {
  const token = `ghs_${"aB3".repeat(60)}`;
  const message = `${"x".repeat(200)} ${token}`;
  const { error } = await refusalWith(token, () =>
    Promise.resolve(Response.json({ message }, { status: 403 })),
  );
  expect(error.message).toContain("xxx [secret]");
  expect(error.message).not.toContain("aB3aB3");
});
