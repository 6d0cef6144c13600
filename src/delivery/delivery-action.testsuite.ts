import { describe, expect, test } from "vitest";

import { aDeliverable } from "../bundle/a-deliverable.testsuite.ts";
import type { DeliveryAction, DeliveryContext } from "../ports/delivery-action.ts";

/** Where an action is tried: a configuration that it accepts, and all that can be seen of the result outside. */
export type DeliveryTarget<Config> = {
  readonly action: DeliveryAction<Config>;
  readonly config: Config;
  readonly result: () => Promise<unknown>;
  readonly close: () => Promise<void>;
  /** What differs from the usual delivery: secrets, or the repository that the workflow began with. */
  readonly context?: Partial<DeliveryContext>;
};

/** What an action is given for these files; a secret is its own name unless a test says otherwise. */
export function deliveryContext(
  files: readonly (readonly [path: string, content: string])[],
  over: Partial<DeliveryContext> = {},
): DeliveryContext {
  const deliverable = aDeliverable(files, { imported: null, deleted: [] });
  return {
    ...deliverable,
    key: `${deliverable.workflow_id}/action/${deliverable.tree_hash}`,
    secret: (reference) => Promise.resolve(reference.replace("secret://", "value of ")),
    signal: new AbortController().signal,
    ...over,
  };
}

const FILES = [
  ["README.md", "# Greeter\n"],
  ["src/greet.js", "export const greet = () => 'héllo';\n"],
] as const;

/** An address, or a path of the API of this server. */
const LINK = /^(?:[a-z]+:\/\/\S+|\/api\/v1\/\S+)$/;

/** What every delivery action promises. */
export function deliveryActionSuite<Config>(name: string, open: () => Promise<DeliveryTarget<Config>>): void {
  describe(`delivery action ${name}`, () => {
    test("is registered under its name and accepts its configuration", async () => {
      const { action, config, close } = await open();
      expect(action.name).toBe(name);
      expect(action.description).toMatch(/^[A-Z].{20,200}\.$/);
      expect(action.config.safeParse(config).success).toBe(true);
      await close();
    });

    test("refuses a key that it does not know", async () => {
      const { action, config, close } = await open();
      expect(action.config.safeParse({ ...config, surprise: 1 }).success).toBe(false);
      await close();
    });

    test("names itself in the receipt, and its links can be followed", async () => {
      const { action, config, context, close } = await open();
      const receipt = await action.deliver(config, deliveryContext(FILES, context));
      expect(receipt.action).toBe(name);
      for (const link of receipt.links) expect(link).toMatch(LINK);
      expect(receipt.links.length + (receipt.documents?.length ?? 0)).toBeGreaterThan(0);
      await close();
    });

    test("a preview tells where to and what, and changes nothing", async () => {
      const { action, config, context, result, close } = await open();
      const before = await result();
      const { target, effects } = await action.preview(config, deliveryContext(FILES, context));
      expect(target).toMatch(/\S/);
      expect(effects.length).toBeGreaterThan(0);
      expect(await result()).toEqual(before);
      await close();
    });

    test("delivered twice is delivered once", async () => {
      const { action, config, context, result, close } = await open();
      const first = await action.deliver(config, deliveryContext(FILES, context));
      const afterFirst = await result();
      expect(await action.deliver(config, deliveryContext(FILES, context))).toEqual(first);
      expect(await result()).toEqual(afterFirst);
      await close();
    });
  });
}
