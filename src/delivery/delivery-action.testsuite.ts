import { describe, expect, test } from "vitest";

import type { DeliveryAction, DeliveryContext } from "../ports/delivery-action.ts";

/** Where an action is tried: a configuration that it accepts, and all that can be seen of the result outside. */
export type DeliveryTarget<Config> = {
  readonly action: DeliveryAction<Config>;
  readonly config: Config;
  readonly result: () => Promise<unknown>;
  readonly close: () => Promise<void>;
};

const context: DeliveryContext = {
  workflow_id: "0198c0de-0000-7000-8000-000000000001",
  key: "w1/delivery/1",
  title: "A greeter",
  summary: "Says hello.",
  artifacts: [
    artifact("a1", "README.md", "# Greeter\n"),
    artifact("a2", "src/greet.js", "export const greet = () => 'héllo';\n"),
  ],
  signal: new AbortController().signal,
};

function artifact(id: string, path: string, content: string): DeliveryContext["artifacts"][number] {
  return { id, path, content, kind: "code", description: "", hash: id };
}

/** What every delivery action promises. */
export function deliveryActionSuite<Config>(name: string, open: () => Promise<DeliveryTarget<Config>>): void {
  describe(`delivery action ${name}`, () => {
    test("is registered under its name and accepts its configuration", async () => {
      const { action, config, close } = await open();
      expect(action.name).toBe(name);
      expect(action.config.safeParse(config).success).toBe(true);
      await close();
    });

    test("refuses a key that it does not know", async () => {
      const { action, config, close } = await open();
      expect(action.config.safeParse({ ...config, surprise: 1 }).success).toBe(false);
      await close();
    });

    test("names itself in the receipt and links what it delivered", async () => {
      const { action, config, close } = await open();
      const receipt = await action.deliver(config, context);
      expect(receipt.action).toBe(name);
      expect(receipt.links).toHaveLength(context.artifacts.length);
      await close();
    });

    test("delivered twice is delivered once", async () => {
      const { action, config, result, close } = await open();
      const first = await action.deliver(config, context);
      const afterFirst = await result();
      expect(await action.deliver(config, context)).toEqual(first);
      expect(await result()).toEqual(afterFirst);
      await close();
    });
  });
}
