import { expect, test } from "vitest";

import { chatModelSuite } from "../testsuite/chat-model.testsuite.ts";
import { sendJson, startScriptedServer } from "../testsuite/scripted-server.testsuite.ts";
import { oneCall, requestOf, silentWiring, settingsOf } from "../testsuite/test-wiring.testsuite.ts";
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

const ANSWER_TOOL = "json";

chatModelSuite({
  label: "Anthropic's API before a model that knows no output schema",
  kind: "anthropic",
  create: (url, settings, wiring) => createAnthropicProvider({ ...settings, base_url: `${url}/v1` }, wiring),
  wire: {
    ...messages,
    schemaIn: (body) => ({
      name: null,
      schema: messages.toolsIn(body).find(({ name }) => name === ANSWER_TOOL)?.parameters,
    }),
    toolsIn: (body) => messages.toolsIn(body).filter(({ name }) => name !== ANSWER_TOOL),
  },
  tracedByDefault: true,
  credential: "ANTHROPIC_API_KEY",
  model: "glm-5",
  wordsBesideCalls: false, // the package drops them beside its forced tool
});

test("a model that is not Claude gets room for its answer", async () => {
  const create = (url: string) =>
    createAnthropicProvider(settingsOf("anthropic", { base_url: url }), silentWiring);
  const { sent } = await oneCall({ create, wire: messages, text: "{}", request: { model: "glm-5" } });
  expect(sent["max_tokens"]).toBe(16_384);
});

const parameters = { type: "object" };
const lookUp = { name: "look_up", description: "d", parameters };

test("Claude gets tools beside its output format, and chooses", async () => {
  const create = (url: string) =>
    createAnthropicProvider(settingsOf("anthropic", { base_url: url }), silentWiring);
  const request = { model: "claude-sonnet-4-5", tools: [lookUp] };
  const { sent } = await oneCall({ create, wire: messages, text: "{}", request });
  expect(sent).toMatchObject({
    output_config: { format: { type: "json_schema" } },
    tools: [{ name: "look_up", description: "d", input_schema: parameters }],
    tool_choice: { type: "auto" },
  });
});

test("a model that knows no output schema answers by one tool among the others", async () => {
  const server = await startScriptedServer();
  const provider = createAnthropicProvider(settingsOf("anthropic", { base_url: server.url }), silentWiring);
  const answer = { id: "tool_1", name: ANSWER_TOOL, input: { title: "T" } };
  server.play(sendJson(200, messages.toolCalls("", "stop", [answer])));
  const answered = await provider.generate(requestOf({ model: "glm-5", tools: [lookUp] }));
  expect(answered).toMatchObject({ text: '{"title":"T"}', tool_calls: [], finish_reason: "stop" });
  expect(JSON.parse(server.requests[0]!.body)).toMatchObject({
    tools: [{ name: "look_up" }, { name: ANSWER_TOOL }],
    tool_choice: { type: "any" },
  });
  await server.close();
});

test("a tool that is named like the one for answers is a tool", async () => {
  const server = await startScriptedServer();
  const provider = createAnthropicProvider(settingsOf("anthropic", { base_url: server.url }), silentWiring);
  const tools = [{ ...lookUp, name: ANSWER_TOOL }];
  const call = { id: "tool_1", name: ANSWER_TOOL, input: { a: 1 } };
  server.play(sendJson(200, messages.toolCalls("", "stop", [call])));
  const called = await provider.generate(requestOf({ model: "glm-5", tools }));
  expect(called.tool_calls).toEqual([{ id: "tool_1", name: ANSWER_TOOL, arguments: '{"a":1}' }]);
  server.play(sendJson(200, messages.completion('Here: {"title":"T"}', "stop")));
  const answered = await provider.generate(requestOf({ model: "glm-5", tools }));
  expect(answered.text).toBe('{"title":"T"}');
  expect(server.requests[0]!.body).toContain('JSON Schema \\"director\\"');
  await server.close();
});
