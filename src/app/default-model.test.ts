import { expect, test } from "vitest";

import { ModelCatalogue } from "../engine/model-catalogue.ts";
import { ManualClock } from "../engine/testing/manual-clock.testsuite.ts";
import { ScriptedModel } from "../engine/testing/scripted-model.testsuite.ts";
import type { ModelProvider } from "../ports/chat-model.ts";
import type { Logger } from "../ports/logger.ts";
import { findDefaultModel } from "./default-model.ts";

const drop = (): void => undefined;
const silent: Logger = { debug: drop, info: drop, warn: drop, error: drop, child: () => silent };

function found(...providers: readonly ModelProvider[]): Promise<string | null> {
  return findDefaultModel(providers, new ModelCatalogue(providers, new ManualClock(), silent));
}

/** A provider of a vendor, with these models in the order of its catalogue. */
function vendor(kind: string, ...ids: readonly string[]): ModelProvider {
  return Object.assign(new ScriptedModel(kind, ids), { kind });
}

function silentVendor(kind: string): ModelProvider {
  return Object.assign(vendor(kind), { models: () => Promise.reject(new Error("no answer")) });
}

test.each([
  ["openai", ["dall-e-3", "gpt-5-mini", "gpt-5", "gpt-4o"], "openai/gpt-5"],
  ["openai", ["gpt-4o", "gpt-5-mini"], "openai/gpt-5-mini"],
  ["openai", ["gpt-5.1", "gpt-5.2", "gpt-5"], "openai/gpt-5.2"],
  [
    "anthropic",
    ["claude-3-haiku-20240307", "claude-sonnet-4-20250514", "claude-sonnet-4-5-20250929"],
    "anthropic/claude-sonnet-4-5-20250929",
  ],
  ["ollama", ["qwen3:8b", "llama3.3"], "ollama/qwen3:8b"],
])("of %s with %j it is %s", async (kind, ids, expected) => {
  expect(await found(vendor(kind, ...ids))).toBe(expected);
});

test("comes from the first provider that answers with a model", async () => {
  expect(await found(silentVendor("openai"), vendor("ollama"), vendor("anthropic", "claude-opus-4"))).toBe(
    "anthropic/claude-opus-4",
  );
});

test("is none where nobody answers with a model", async () => {
  expect(await found()).toBeNull();
  expect(await found(silentVendor("openai"), vendor("ollama"))).toBeNull();
});
