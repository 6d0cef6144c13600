import { expect, test } from "vitest";

import { chatModelSuite } from "../testsuite/chat-model.testsuite.ts";
import { oneCall, silentWiring, settingsOf } from "../testsuite/test-wiring.testsuite.ts";
import { ollamaChat, schemaInInstructions } from "../testsuite/wire-format.ts";
import { createOllamaProvider } from "./provider.ts";

chatModelSuite({
  label: "Ollama",
  kind: "ollama",
  create: (url, settings, wiring) => createOllamaProvider({ ...settings, base_url: url }, wiring),
  wire: ollamaChat,
  schemaBesideTools: schemaInInstructions,
  tracedByDefault: true,
  credential: "OLLAMA_API_KEY",
});

test("the context is asked for in the options, and an answer in a fence is taken out", async () => {
  const create = (url: string) => createOllamaProvider(settingsOf("ollama", { base_url: url }), silentWiring);
  const instructions = "x".repeat(30_000);
  const text = '```json\n{"a":1}\n```';
  const { sent, answer } = await oneCall({ create, wire: ollamaChat, text, request: { instructions } });
  expect(sent).toMatchObject({ stream: false, options: { num_ctx: 16_384 } });
  expect(answer.text).toBe('{"a":1}');
});

test("a model that may call tools is told the schema in words, for `format` would forbid it to call", async () => {
  const create = (url: string) => createOllamaProvider(settingsOf("ollama", { base_url: url }), silentWiring);
  const tools = [{ name: "t", description: "d", parameters: { type: "object" } }];
  const text = '<think>{}</think>So: {"a":1}';
  const { sent, answer } = await oneCall({ create, wire: ollamaChat, text, request: { tools } });
  expect(sent).not.toHaveProperty("format");
  expect(sent["tools"]).toEqual([{ type: "function", function: tools[0] }]);
  expect(schemaInInstructions(sent).name).toBe("director");
  expect(answer.text).toBe('{"a":1}');
});
