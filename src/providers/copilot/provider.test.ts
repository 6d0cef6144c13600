import { expect, test } from "vitest";

import { chatModelSuite } from "../testsuite/chat-model.testsuite.ts";
import { oneCall, silentWiring, settingsOf } from "../testsuite/test-wiring.testsuite.ts";
import { chatCompletions, schemaInInstructions } from "../testsuite/wire-format.ts";
import { createCopilotProvider } from "./provider.ts";

chatModelSuite({
  label: "GitHub Copilot",
  kind: "copilot",
  create: (url, settings, wiring) => createCopilotProvider({ ...settings, base_url: `${url}/v1` }, wiring),
  wire: { ...chatCompletions, schemaIn: schemaInInstructions },
  tracedByDefault: true,
  credential: "COPILOT_GITHUB_TOKEN",
  model: "gpt-4o",
  tools: false,
  takesLongestAnswer: false, // its runtime has no option for it
});

const signal = new AbortController().signal;

test("without its SDK it says how to install it", async () => {
  const missing = (): Promise<never> =>
    Promise.reject(Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" }));
  const provider = createCopilotProvider(settingsOf("copilot", { api_key: "token" }), silentWiring, missing);
  const health = await provider.test(signal);
  expect(health.message).toBe(
    "GitHub Copilot needs its SDK, which can't be loaded here (ERR_MODULE_NOT_FOUND). Run: npm install @github/copilot-sdk",
  );
  await expect(provider.models(signal)).rejects.toMatchObject({ code: "no_model" });
  await provider.close();
});

test("without a token it names the variable", async () => {
  const provider = createCopilotProvider(settingsOf("copilot"), silentWiring);
  expect((await provider.test(signal)).message).toContain("COPILOT_GITHUB_TOKEN is not set");
  await provider.close();
});

test("the model is given no tools, and an answer in a fence is taken out", async () => {
  const create = (url: string) =>
    createCopilotProvider(settingsOf("copilot", { base_url: `${url}/v1` }), silentWiring);
  const text = '```json\n{"a":1}\n```';
  const { sent, answer } = await oneCall({
    create,
    wire: chatCompletions,
    text,
    request: { model: "gpt-4o" },
  });
  expect(sent["tools"] ?? []).toEqual([]);
  expect(answer.text).toBe('{"a":1}');
});
