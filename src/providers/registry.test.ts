import { expect, test } from "vitest";

import { createProviders, type ProviderKind } from "./registry.ts";
import { silentWiring, settingsOf } from "./testsuite/test-wiring.testsuite.ts";

const KINDS: readonly ProviderKind[] = ["openai", "anthropic", "ollama", "copilot", "openai-compatible"];

test("every kind is created under its own name, without anything being sent", async () => {
  const settings = KINDS.map((kind) => ({ ...settingsOf(kind, { name: `my-${kind}` }), kind }));
  const providers = await createProviders(settings, silentWiring);
  expect(providers.map(({ name, kind }) => [name, kind])).toEqual(KINDS.map((kind) => [`my-${kind}`, kind]));
  await Promise.all(providers.map((provider) => provider.close()));
});
