import { APICallError } from "@ai-sdk/provider";
import { describe, expect, test } from "vitest";

import { fromHttp, toModelError } from "./model-error.ts";

const endpoint = {
  provider: "openai",
  url: "https://api.openai.com/v1",
  credential: "OPENAI_API_KEY",
  address: "OPENAI_BASE_URL",
  secret: "sk-secret-key-123",
};

const said = (status: number, body: unknown) =>
  fromHttp(
    { status, body: typeof body === "string" ? body : JSON.stringify(body), header: () => null },
    endpoint,
    "m",
  );

describe("an HTTP failure", () => {
  test.each([
    [
      "OpenAI, quota used up",
      429,
      { error: { code: "insufficient_quota", message: "You exceeded your current quota" } },
      "credit",
    ],
    [
      "OpenAI, hard limit",
      429,
      { error: { code: "billing_hard_limit_reached", message: "limit" } },
      "credit",
    ],
    [
      "OpenAI, rate limit that mentions billing",
      429,
      { error: { code: "rate_limit_exceeded", message: "Add a payment method at /account/billing" } },
      "rate_limited",
    ],
    [
      "OpenAI, project without the model",
      403,
      { error: { code: "model_not_found", message: "no access to model" } },
      "unknown_model",
    ],
    ["OpenRouter, key limit", 403, { error: { code: 403, message: "Key limit exceeded" } }, "credit"],
    ["Azure, content filter", 400, { error: { code: "content_filter", message: "filtered" } }, "refusal"],
    ["Ollama, missing model", 404, { error: "model 'x' not found" }, "unknown_model"],
    ["a gateway with 429 inside 200", 200, { error: { code: 429, message: "slow" } }, "rate_limited"],
    [
      "a gateway with words inside 200",
      200,
      { error: { code: "server_error", message: "oops" } },
      "overloaded",
    ],
    [
      "an invalid parameter of the model",
      400,
      { error: { code: "unsupported_value", message: "'temperature' is not supported with this model" } },
      "internal",
    ],
    ["a page of a proxy", 502, "<html>bad gateway</html>", "overloaded"],
    ["a slow proxy", 504, "", "timeout"],
  ])("%s", (_what, status, body, code) => {
    expect(said(status, body).code).toBe(code);
  });

  test("is told without markup, keys or endless text", () => {
    expect(said(502, "<html>x</html>").message).toBe("openai answered 502.");
    expect(
      said(400, { error: { message: `key sk-secret-key-123 and ghp_abcdefghijkl ${"x".repeat(900)}` } })
        .message,
    ).toMatch(/^openai answered 400: key \[key\] and \[key\] x+…$/);
  });
});

describe("anything thrown", () => {
  test("keeps nothing of an SDK error, which carries the prompt", () => {
    const thrown = new APICallError({
      message: "Bad Request",
      url: "https://api.openai.com/v1",
      requestBodyValues: { prompt: "very private" },
      statusCode: 400,
    });
    const error = toModelError(thrown, endpoint, "m");
    expect(error.cause).toBeUndefined();
    expect(JSON.stringify(error)).not.toContain("private");
  });

  test.each([
    [Object.assign(new Error("reset"), { code: "ECONNRESET" }), "network"],
    [Object.assign(new Error("dns"), { code: "ENOTFOUND" }), "network"],
    [
      new TypeError("fetch failed", {
        cause: Object.assign(new Error("x"), { code: "UND_ERR_CONNECT_TIMEOUT" }),
      }),
      "timeout",
    ],
    [new DOMException("late", "TimeoutError"), "timeout"],
    [new Error("a bug"), "internal"],
    ["not even an error", "internal"],
  ])("%s", (thrown, code) => {
    expect(toModelError(thrown, endpoint, "m").code).toBe(code);
  });
});
