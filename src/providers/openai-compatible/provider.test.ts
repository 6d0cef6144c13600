import { expect, test } from "vitest";

import { chatModelSuite } from "../testsuite/chat-model.testsuite.ts";
import { oneCall, silentWiring, settingsOf } from "../testsuite/test-wiring.ts";
import { chatCompletions, schemaInInstructions } from "../testsuite/wire-format.ts";
import { createOpenAiCompatibleProvider } from "./provider.ts";

const subject = {
  kind: "openai-compatible",
  tracedByDefault: true,
  credential: 'The api_key of provider "openai-compatible"',
} as const;

chatModelSuite({
  ...subject,
  label: "an OpenAI-compatible endpoint",
  create: (url, settings, wiring) =>
    createOpenAiCompatibleProvider({ ...settings, base_url: `${url}/v1` }, wiring),
  wire: chatCompletions,
});

chatModelSuite({
  ...subject,
  label: "an OpenAI-compatible endpoint without json_schema",
  create: (url, settings, wiring) =>
    createOpenAiCompatibleProvider({ ...settings, base_url: `${url}/v1` }, wiring),
  wire: { ...chatCompletions, schemaIn: schemaInInstructions },
  structuredOutput: false,
});

const at = (base_url: string | null, structured_output: boolean) =>
  createOpenAiCompatibleProvider(
    settingsOf("openai-compatible", { name: "gateway", base_url, structured_output }),
    silentWiring,
  );

test("without a base URL it says which setting is missing", async () => {
  const health = await at(null, true).test(new AbortController().signal);
  expect(health.message).toBe('Set the base_url of provider "gateway" to the URL of its API.');
});

test("an endpoint without json_schema is asked for a JSON object", async () => {
  const create = (url: string) => at(`${url}/v1`, false);
  const text = 'Sure:\n```json\n{"a":1}\n```';
  const { sent, answer } = await oneCall({ create, wire: chatCompletions, text });
  expect(sent["response_format"]).toEqual({ type: "json_object" });
  expect(answer.text).toBe('{"a":1}');
});
