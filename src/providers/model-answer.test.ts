import type { LanguageModelV4GenerateResult } from "@ai-sdk/provider";
import { expect, test } from "vitest";

import { answerOf } from "./model-answer.ts";

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
  expect(answerOf(result, "asked", "p")).toEqual({
    text: '{"a":1}',
    finish_reason: "stop",
    usage: { input_tokens: 5, output_tokens: 0, cached_input_tokens: 0, reasoning_tokens: 0 },
    model_served: "asked",
  });
});

test("an answer marked incomplete without a reason is truncated", () => {
  const incomplete = { ...result, response: { body: { status: "incomplete" } } };
  expect(() => answerOf(incomplete, "asked", "p")).toThrow(expect.objectContaining({ code: "truncated" }));
});
