import type { OpenAPIHono } from "@hono/zod-openapi";

import * as contract from "../../contract/routes.ts";
import { OrcaError } from "../../core/orca-error.ts";
import type { ModelProvider } from "../../ports/chat-model.ts";
import { linkNext, pageOf } from "../page.ts";
import type { ServerEnv } from "../server-env.ts";
import type { ServerParts } from "../server-parts.ts";

const PATIENCE_MS = 15_000;

type Parts = Pick<ServerParts, "providers" | "config" | "shutdown">;

export function providerRoutes(app: OpenAPIHono<ServerEnv>, { providers, config, shutdown }: Parts): void {
  const named = (name: string): ModelProvider => {
    const provider = providers.find((each) => each.name === name);
    if (provider) return provider;
    const known = providers.map((each) => each.name).join(", ") || "none";
    throw new OrcaError("provider_not_found", `No such provider is configured; configured: ${known}.`);
  };
  const patience = (request: Request) =>
    AbortSignal.any([request.signal, shutdown, AbortSignal.timeout(PATIENCE_MS)]);

  app.openapi(contract.listProviders, (c) => {
    const rows = providers.map(({ name, kind }) => ({
      name,
      kind,
      default_model: defaultModel(config, name),
    }));
    const page = pageOf(rows, c.req.valid("query"));
    linkNext(c, page.next_cursor);
    return c.json(page, 200);
  });

  app.openapi(contract.listModels, async (c) => {
    const provider = named(c.req.valid("param").name);
    const signal = patience(c.req.raw);
    const models = await provider.models(signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
      throw new OrcaError("provider_unreachable", `${provider.name} did not list its models in time.`);
    });
    const page = pageOf(models, c.req.valid("query"));
    linkNext(c, page.next_cursor);
    return c.json(page, 200);
  });

  app.openapi(contract.testProvider, async (c) => {
    const provider = named(c.req.valid("param").name);
    return c.json(await provider.test(patience(c.req.raw)), 200);
  });
}

function defaultModel(config: Parts["config"], provider: string): string | null {
  const chosen = config.workflow.default_model;
  return chosen?.startsWith(`${provider}/`) ? chosen.slice(provider.length + 1) : null;
}
