import type { LanguageModelV4GenerateResult } from "@ai-sdk/provider";
import { expect, test } from "vitest";

import { answerOf } from "./model-answer.ts";
import { requestOf } from "./testsuite/test-wiring.testsuite.ts";

const asked = requestOf({ model: "asked" });

const result: LanguageModelV4GenerateResult = {
  content: [
    { type: "reasoning", text: "hmm" },
    { type: "text", text: '{"a"' },
    { type: "text", text: ":1}" },
  ],
  finishReason: { unified: "stop", raw: "stop" },
  usage: {
    inputTokens: { total: 5, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
    outputTokens: { total: Number.NaN, text: undefined, reasoning: undefined },
  },
  warnings: [],
};

test("what the provider does not tell is 0, and the model that was asked", () => {
  expect(answerOf(result, asked, "p")).toEqual({
    text: '{"a":1}',
    tool_calls: [],
    finish_reason: "stop",
    usage: { input_tokens: 5, output_tokens: 0, cached_input_tokens: 0, reasoning_tokens: 0 },
    model_served: "asked",
  });
});

test("an answer marked incomplete without a reason is truncated", () => {
  const incomplete = { ...result, response: { body: { status: "incomplete" } } };
  expect(() => answerOf(incomplete, asked, "p")).toThrow(expect.objectContaining({ code: "truncated" }));
});

test("an answer that a filter ended is a refusal, though the package forgets it for a call", () => {
  const ended = { status: "incomplete", incomplete_details: { reason: "content_filter" } };
  const filtered = { ...result, response: { body: ended } };
  expect(() => answerOf(filtered, asked, "p")).toThrow(expect.objectContaining({ code: "refusal" }));
});

test("the part of a text that a vendor marks as the answer is only what was said, once tools are called", () => {
  const call = { type: "tool-call" as const, toolCallId: "a", toolName: "t", input: "{}" };
  const drafted = { ...result, structuredOutputText: "", content: [...result.content, call] };
  const tools = [{ name: "t", description: "d", parameters: {} }];
  expect(answerOf(drafted, { ...asked, tools }, "p")).toMatchObject({
    text: '{"a":1}',
    tool_calls: [{ id: "a", name: "t", arguments: "{}" }],
  });
  expect(answerOf(drafted, asked, "p")).toMatchObject({ text: "", tool_calls: [] });
});
