import { expect } from "vitest";

import { deliveryContext } from "../../src/delivery/delivery-action.testsuite.ts";
import type { GitHubParts } from "../../src/delivery/github-client.ts";
import { createOperatorFetch } from "../../src/egress/operator-fetch.ts";
import { type DeliveryContext, DeliveryError } from "../../src/ports/delivery-action.ts";
import { type FakeGitHub, startFakeGitHub } from "./fake-github.ts";
import type { RepositorySnapshot } from "./fake-repository.ts";
import type { Token } from "./github-world.ts";

/** Any text that is no value of a test's own, so that it can be looked for where it must not be. */
export const TOKEN = "value-of-GITHUB_TOKEN";
export const secret = (reference: string): Promise<string> =>
  Promise.resolve(reference.replace("secret://", "value-of-"));
export const ORCA: Token = { login: "orca-bot", scopes: ["repo"] };
export const REPO = "acme/site";

export type Scene = {
  readonly fake: FakeGitHub;
  readonly parts: GitHubParts;
  /** How the repository is seen from outside. */
  readonly seen: () => RepositorySnapshot;
  /** Names of the failpoints that were passed. */
  readonly passed: string[];
};

/** A GitHub with one repository of two files, and a token that may write there. */
export async function openScene(over: Partial<GitHubParts> = {}): Promise<Scene> {
  const fake = await startFakeGitHub();
  fake.world.tokens.set(TOKEN, ORCA);
  fake.world.organizations.set("acme", new Set(["orca-bot"]));
  fake.world.createRepository(REPO, { files: { "README.md": "# Site\n", "src/old.js": "old\n" } });
  const passed: string[] = [];
  const parts: GitHubParts = {
    fetch: createOperatorFetch(),
    apiUrl: fake.origin,
    webUrl: "https://github.com",
    author: { name: "ts-orca", email: "orca@example.org" },
    now: () => new Date("2026-02-03T05:00:00Z"),
    failpoint: (name) => passed.push(name),
    ...over,
  };
  return { fake, parts, passed, seen: () => fake.world.snapshot()[REPO]! };
}

export type Files = Readonly<Record<string, string>>;
export const FIRST: Files = { "README.md": "# Site\n\nWith a greeter.\n", "src/greet.js": "greet\n" };

/** Deliveries by one action: of a tree, and of another tree of the same workflow. */
export function deliveriesBy(action: string) {
  const delivery = (files: Files, over: Partial<DeliveryContext> = {}): DeliveryContext => {
    const context = deliveryContext(Object.entries(files), { secret, ...over });
    return { ...context, key: `${context.workflow_id}/${action}/${context.tree_hash}` };
  };
  const again = (files: Files, over: Partial<DeliveryContext> = {}): DeliveryContext =>
    delivery(files, { tree_hash: "cd".repeat(32), ...over });
  return { delivery, again };
}

/** What a delivery was refused with; it never holds the token. */
export async function refusal(delivery: Promise<unknown>): Promise<DeliveryError> {
  const error: unknown = await delivery.then(
    () => new Error("it was delivered"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(DeliveryError);
  expect((error as DeliveryError).message).not.toContain(TOKEN);
  return error as DeliveryError;
}
