import { expect, test } from "vitest";

import { chatModelSuite } from "../testsuite/chat-model.testsuite.ts";
import { oneCall, silentWiring, settingsOf } from "../testsuite/test-wiring.ts";
import { messages } from "../testsuite/wire-format.ts";
import { createAnthropicProvider } from "./provider.ts";

chatModelSuite({
  label: "Anthropic itself",
  kind: "anthropic",
  create: (url, settings, wiring) => createAnthropicProvider(settings, wiring, url),
  wire: messages,
  tracedByDefault: false,
  credential: "ANTHROPIC_API_KEY",
  model: "claude-sonnet-4-5",
});

chatModelSuite({
  label: "Anthropic behind another base URL",
  kind: "anthropic",
  create: (url, settings, wiring) => createAnthropicProvider({ ...settings, base_url: `${url}/v1` }, wiring),
  wire: messages,
  tracedByDefault: true,
  credential: "ANTHROPIC_API_KEY",
  model: "claude-sonnet-4-5",
});

test("a model that is not Claude gets room for its answer", async () => {
  const create = (url: string) =>
    createAnthropicProvider(settingsOf("anthropic", { base_url: url }), silentWiring);
  const { sent } = await oneCall({ create, wire: messages, text: "{}", request: { model: "glm-5" } });
  expect(sent["max_tokens"]).toBe(16_384);
});
