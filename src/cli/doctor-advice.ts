import type { Config } from "../config/config.ts";
import { plural } from "./progress/wording.ts";

/** One line of the doctor that only warns. */
export type Advice = { readonly check: string; readonly detail: string };

/** What in a valid configuration will not do what was meant by it. */
export function adviceOn(config: Config, hasPrice: (model: string) => boolean): readonly Advice[] {
  return [...strangers(config), ...budgetsInVain(config, hasPrice)];
}

/** References to providers that are not there. A default model without one is a failure, which is told elsewhere. */
function strangers({ providers, workflow, prices }: Config): Advice[] {
  const names = providers.map(({ name }) => name);
  const configured = names.length === 0 ? "none is configured" : `configured: ${names.join(", ")}`;
  const unknown = (check: string, references: readonly string[]): Advice[] =>
    references.flatMap((reference) => {
      const name = reference.slice(0, reference.indexOf("/"));
      const detail = `${reference}: there is no provider ${name}; ${configured}`;
      return names.includes(name) ? [] : [{ check, detail }];
    });
  return [...unknown("fallback model", workflow.fallback_models), ...unknown("prices", Object.keys(prices))];
}

/** Limits in dollars that nothing counts against. */
function budgetsInVain(config: Config, hasPrice: (model: string) => boolean): Advice[] {
  const { workflow, budgets, providers } = config;
  const model = workflow.default_model;
  if (model === null || !providers.some(({ name }) => model.startsWith(`${name}/`)) || hasPrice(model))
    return [];
  const all = {
    "workflow.budget": workflow.budget,
    "budgets.tenant.day": budgets.tenant.day,
    "budgets.tenant.month": budgets.tenant.month,
    "budgets.scope.day": budgets.scope.day,
    "budgets.scope.month": budgets.scope.month,
  };
  return Object.entries(all).flatMap(([name, { max_cost_usd, max_tokens }]) => {
    if (max_cost_usd === null || max_tokens !== null) return [];
    const detail = `${name}.max_cost_usd does not hold for ${model}, whose price is not known; set prices or ${name}.max_tokens`;
    return [{ check: "budget", detail }];
  });
}

type Node = { readonly role: string; readonly lease_until: string };

/** A worker keeps its lease well ahead of this; clocks of machines may differ by as much. */
const LEEWAY_MS = 30_000;

/** Whether anybody runs the workflows that the nodes of a PostgreSQL database take. */
export function workersLine(
  nodes: readonly Node[],
  { now, start }: { readonly now: number; readonly start: string },
): { readonly status: "ok" | "warn"; readonly detail: string } {
  const living = nodes.filter(
    ({ role, lease_until }) => role !== "api" && Date.parse(lease_until) > now - LEEWAY_MS,
  );
  if (living.length === 0) return { status: "warn", detail: `none is running; start one: ${start}` };
  return {
    status: "ok",
    detail: `${plural(living.length, "node")} that ${living.length === 1 ? "runs" : "run"} workflows`,
  };
}

/** As the port of the sandbox has it. */
export type SandboxHealth =
  | { readonly available: true; readonly kind: string; readonly message: string | null }
  | { readonly available: false; readonly reason: string; readonly install: string };

type SandboxLine = {
  readonly status: "ok" | "warn" | "FAIL";
  readonly detail: string;
  readonly fix: readonly string[];
};

/** Whether what models have written can be run and checked. */
export function sandboxLine(health: SandboxHealth): SandboxLine {
  if (!health.available) {
    const detail = `${health.reason} Nothing that models write is run, so no check of it can pass.`;
    return { status: "FAIL", detail, fix: [health.install] };
  }
  if (health.kind === "unsafe") {
    const detail = "sandbox is unsafe: what models write runs on this machine like any program of yours";
    return { status: "warn", detail, fix: ["take the setting sandbox: unsafe away to have it confined"] };
  }
  const { kind, message } = health;
  if (message !== null) return { status: "warn", detail: `${kind} works: ${message}`, fix: [] };
  return { status: "ok", detail: `${kind} works`, fix: [] };
}
