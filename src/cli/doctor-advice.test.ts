import { expect, test } from "vitest";

import { Config } from "../config/config.ts";
import { adviceOn, sandboxLine, workersLine } from "./doctor-advice.ts";

const gateway = { name: "gateway", kind: "openai-compatible", base_url: "http://127.0.0.1:9" };
const price = { input_per_million: 1, output_per_million: 2 };

function advice(settings: object, priced = false): string[] {
  const config = Config.parse({ data_dir: "/d", database: "sqlite:x", providers: [gateway], ...settings });
  return adviceOn(config, () => priced).map(({ check, detail }) => `${check}: ${detail}`);
}

test("what names a provider that is not configured is told with those that are", () => {
  const workflow = { fallback_models: ["gateway/a", "openai/b"] };
  expect(advice({ workflow, prices: { "gateway/": price, "elsewhere/x": price } })).toEqual([
    "fallback model: openai/b: there is no provider openai; configured: gateway",
    "prices: elsewhere/x: there is no provider elsewhere; configured: gateway",
  ]);
  expect(advice({ workflow, providers: [] })).toContain(
    "fallback model: openai/b: there is no provider openai; none is configured",
  );
});

test("a limit in dollars on a model without a price is told with what would hold", () => {
  const workflow = { default_model: "gateway/m", budget: { max_cost_usd: 1 } };
  const budgets = {
    tenant: { day: { max_cost_usd: 9 } },
    scope: { month: { max_cost_usd: 9, max_tokens: 9 } },
  };
  expect(advice({ workflow, budgets })).toEqual([
    "budget: workflow.budget.max_cost_usd does not hold for gateway/m, whose price is not known; set prices or workflow.budget.max_tokens",
    "budget: budgets.tenant.day.max_cost_usd does not hold for gateway/m, whose price is not known; set prices or budgets.tenant.day.max_tokens",
  ]);
  expect(advice({ workflow, budgets }, true)).toEqual([]);
  expect(advice({ workflow: { default_model: "gateway/m" } })).toEqual([]);
});

test("only living nodes that run workflows count as workers", () => {
  const at = { now: Date.parse("2026-11-23T10:00:00Z"), start: "orca serve --role worker" };
  const node = (role: string, lease_until: string) => ({ role, lease_until });
  const none = { status: "warn", detail: "none is running; start one: orca serve --role worker" };
  expect(workersLine([], at)).toEqual(none);
  expect(workersLine([node("api", "2026-11-23T10:00:09Z"), node("all", "2026-11-23T09:59:00Z")], at)).toEqual(
    none,
  );
  expect(workersLine([node("worker", "2026-11-23T10:00:09Z")], at)).toEqual({
    status: "ok",
    detail: "1 node that runs workflows",
  });
});

test("a sandbox that works is told, one that is switched off warns, a missing one fails with the way to it", () => {
  expect(sandboxLine({ available: true, kind: "bubblewrap", message: null })).toEqual({
    status: "ok",
    detail: "bubblewrap works",
    fix: [],
  });
  expect(sandboxLine({ available: true, kind: "bubblewrap", message: "As root." })).toMatchObject({
    status: "warn",
    detail: "bubblewrap works: As root.",
  });
  expect(sandboxLine({ available: true, kind: "unsafe", message: null }).status).toBe("warn");
  const missing = sandboxLine({ available: false, reason: "No bwrap.", install: "Run: apt-get install x" });
  expect(missing).toMatchObject({ status: "FAIL", fix: ["Run: apt-get install x"] });
  expect(missing.detail).toMatch(/^No bwrap\. /);
});
