import { expect, test } from "vitest";

import { chatModelSuite } from "../testsuite/chat-model.testsuite.ts";
import { oneCall, silentWiring, settingsOf } from "../testsuite/test-wiring.testsuite.ts";
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

const tools = [{ name: "t", description: "d", parameters: { type: "object" } }];

test("tools and json_schema are told in one request", async () => {
  const create = (url: string) => at(`${url}/v1`, true);
  const { sent } = await oneCall({ create, wire: chatCompletions, text: "{}", request: { tools } });
  expect(sent).toMatchObject({ response_format: { type: "json_schema" }, tool_choice: "auto" });
  expect(sent["tools"]).toEqual([{ type: "function", function: tools[0] }]);
});

test("an endpoint without json_schema is not held to JSON where it may call tools", async () => {
  const create = (url: string) => at(`${url}/v1`, false);
  const text = 'Sure:\n```json\n{"a":1}\n```';
  const { sent, answer } = await oneCall({ create, wire: chatCompletions, text, request: { tools } });
  expect(sent).not.toHaveProperty("response_format");
  expect(schemaInInstructions(sent)).toMatchObject({ name: "director", schema: { type: "object" } });
  expect(JSON.stringify(sent["messages"])).toContain("Call tools as you need them");
  expect(answer.text).toBe('{"a":1}');
});
