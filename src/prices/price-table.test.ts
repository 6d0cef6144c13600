import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { expect, test } from "vitest";

import type { PricedModel } from "../ports/price-table.ts";
import { createPriceTable } from "./price-table.ts";

const builtIn = createPriceTable({});

function modelOf(reference: string, kind = reference.split("/")[0] ?? ""): PricedModel {
  const [provider = "", ...model] = reference.split("/");
  return { kind, provider, model: model.join("/") };
}

function usage(input_tokens: number, output_tokens: number, cached_input_tokens = 0) {
  return { input_tokens, output_tokens, cached_input_tokens, reasoning_tokens: 0 };
}

test.each([
  ["openai/gpt-5", 1.25 + 10],
  ["openai/gpt-5-2025-08-07", 1.25 + 10],
  ["openai/gpt-4.1-mini", 0.4 + 1.6],
  ["openai/o3-mini-2025-01-31", 1.1 + 4.4],
  ["anthropic/claude-opus-4-1", 15 + 75],
  ["anthropic/claude-opus-4-1-20250805", 15 + 75],
])("a million tokens in and out of %s cost %f", (reference, usd) =>
  expect(builtIn.costOf(modelOf(reference), usage(1_000_000, 1_000_000))).toBe(usd),
);

test.each([
  ["openai/gpt-999", "openai"],
  ["openai/", "openai"],
  ["openai/claude-opus-4-1", "openai"],
  ["openai/whisper-1", "openai"],
  ["openai/moderation", "openai"],
  ["anthropic/gpt-5", "anthropic"],
  ["gateway/gpt-5", "openai-compatible"],
  ["copilot/gpt-5", "copilot"],
  ["x/gpt-5", "constructor"],
])("what %s of kind %s costs is unknown, not zero", (reference, kind) => {
  const model = modelOf(reference, kind);
  expect(builtIn.costOf(model, usage(1_000, 1_000))).toBeNull();
  expect(builtIn.worstCase(model, { input_tokens: 1_000, output_tokens: 1_000 })).toBeNull();
});

test("cached input is cheaper, and the worst case is that nothing was cached", () => {
  const gpt = modelOf("openai/gpt-5");
  expect(builtIn.costOf(gpt, usage(1_000_000, 0, 1_000_000))).toBe(0.125);
  expect(builtIn.worstCase(gpt, { input_tokens: 1_000_000, output_tokens: 0 })).toBe(1.25);
});

test("a provider that counts more cached tokens than input is taken at its input", () => {
  expect(builtIn.costOf(modelOf("openai/gpt-5"), usage(1_000_000, 0, 2_000_000))).toBe(0.125);
});

test("a long prompt costs what the vendor asks for long ones", () => {
  const sonnet = modelOf("anthropic/claude-sonnet-4-5");
  expect(builtIn.costOf(sonnet, usage(100_000, 0))).toBe(0.3);
  expect(builtIn.costOf(sonnet, usage(1_000_000, 0))).toBe(6);
});

test("costs are whole millionths of a dollar and never round to less", () => {
  expect(builtIn.costOf(modelOf("openai/gpt-5"), usage(1, 0))).toBe(0.000002);
  expect(builtIn.costOf(modelOf("openai/gpt-5"), usage(0, 0))).toBe(0);
});

test("nobody bills a local model", () =>
  expect(builtIn.costOf(modelOf("local/llama3", "ollama"), usage(5_000, 5_000))).toBe(0));

test("what the configuration says holds over everything", () => {
  const price = (usd: number) => ({
    input_per_million: usd,
    output_per_million: 2 * usd,
    cached_input_per_million: null,
  });
  const table = createPriceTable({
    "openai/gpt-5": price(1),
    "gateway/": price(2),
    "gateway/big-": price(3),
    "gateway/big-one": { ...price(4), cached_input_per_million: 0.4 },
    "rack/llama": price(5),
  });
  const cost = (reference: string, kind: string, cached = 0) =>
    table.costOf(modelOf(reference, kind), usage(1_000_000, 1_000_000, cached));
  expect(cost("openai/gpt-5", "openai")).toBe(3);
  expect(cost("openai/gpt-5-2025-08-07", "openai")).toBe(3);
  expect(cost("openai/gpt-5-mini", "openai")).toBe(0.25 + 2);
  expect(cost("gateway/small", "openai-compatible", 1_000_000)).toBe(6);
  expect(cost("gateway/big-two", "openai-compatible")).toBe(9);
  expect(cost("gateway/big-one-20260101", "openai-compatible", 500_000)).toBe(2 + 0.2 + 8);
  expect(cost("rack/llama", "ollama")).toBe(15);
  expect(cost("rack/llama3", "ollama")).toBe(0);
});

test("the catalogue is loaded when the first price is asked for, and asks nobody", async () => {
  const script = `
    for (const module of ["node:net", "node:http", "node:https", "node:dns"]) {
      const there = process.getBuiltinModule(module);
      for (const name of ["connect", "request", "get", "lookup"]) if (there[name]) there[name] = () => process.exit(9);
    }
    globalThis.fetch = () => process.exit(9);
    const { createPriceTable } = await import("./src/prices/price-table.ts");
    const loaded = () => Object.keys(process.getBuiltinModule("node:module")._cache).some((file) => file.includes("genai-prices"));
    const table = createPriceTable({});
    const before = loaded();
    const cost = table.costOf({ kind: "openai", provider: "openai", model: "gpt-5" }, { input_tokens: 1e6, output_tokens: 0, cached_input_tokens: 0, reasoning_tokens: 0 });
    console.log(JSON.stringify({ before, cost, after: loaded() }));`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script]);
  expect(JSON.parse(stdout)).toEqual({ before: false, cost: 1.25, after: true });
});
