import { expect, test } from "vitest";

import { chatModelSuite } from "../testsuite/chat-model.testsuite.ts";
import { oneCall, silentWiring, settingsOf } from "../testsuite/test-wiring.testsuite.ts";
import { chatCompletions, responses } from "../testsuite/wire-format.ts";
import { createOpenAiProvider } from "./provider.ts";

chatModelSuite({
  label: "OpenAI itself",
  kind: "openai",
  create: (url, settings, wiring) => createOpenAiProvider(settings, wiring, `${url}/v1`),
  wire: responses,
  tracedByDefault: false,
  credential: "OPENAI_API_KEY",
  model: "gpt-5",
});

chatModelSuite({
  label: "OpenAI behind another base URL",
  kind: "openai",
  create: (url, settings, wiring) => createOpenAiProvider({ ...settings, base_url: `${url}/v1/` }, wiring),
  wire: chatCompletions,
  tracedByDefault: true,
  credential: "OPENAI_API_KEY",
  model: "gpt-4o",
});

test("OpenAI itself holds to the schema and keeps no answer", async () => {
  const create = (url: string) => createOpenAiProvider(settingsOf("openai"), silentWiring, `${url}/v1`);
  const { sent } = await oneCall({ create, wire: responses, text: "{}" });
  expect(sent).toMatchObject({ store: false, text: { format: { type: "json_schema", strict: true } } });
});

test("a gateway gets chat completions without parameters of OpenAI alone", async () => {
  const create = (url: string) =>
    createOpenAiProvider(settingsOf("openai", { base_url: `${url}/v1` }), silentWiring);
  const { sent } = await oneCall({ create, wire: chatCompletions, text: "{}" });
  expect(sent).toMatchObject({ response_format: { json_schema: { strict: true } } });
  expect(sent).not.toHaveProperty("store");
});

test("OpenAI itself is given strict and other tools beside the strict schema", async () => {
  const create = (url: string) => createOpenAiProvider(settingsOf("openai"), silentWiring, `${url}/v1`);
  const closed = { type: "object", properties: {}, required: [], additionalProperties: false };
  const tools = [
    { name: "list_files", description: "Lists.", parameters: closed },
    { name: "search", description: "Searches.", parameters: { type: "object" } },
  ];
  const { sent } = await oneCall({ create, wire: responses, text: "{}", request: { tools } });
  expect(sent).toMatchObject({
    store: false,
    text: { format: { type: "json_schema", strict: true } },
    tool_choice: "auto",
    tools: [
      { type: "function", name: "list_files", parameters: closed, strict: true },
      { type: "function", name: "search", strict: false },
    ],
  });
});

test("a gateway is told of tools without parameters of OpenAI alone", async () => {
  const create = (url: string) =>
    createOpenAiProvider(settingsOf("openai", { base_url: `${url}/v1` }), silentWiring);
  const tools = [{ name: "t", description: "d", parameters: { type: "object" } }];
  const { sent } = await oneCall({ create, wire: chatCompletions, text: "{}", request: { tools } });
  expect(sent).toMatchObject({ response_format: { json_schema: { strict: true } }, tool_choice: "auto" });
  expect(sent["tools"]).toEqual([{ type: "function", function: tools[0] }]);
});
