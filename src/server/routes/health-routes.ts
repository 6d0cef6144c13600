import type { OpenAPIHono } from "@hono/zod-openapi";

import * as contract from "../../contract/routes.ts";
import { OrcaError } from "../../core/orca-error.ts";
import { StorageError } from "../../ports/storage.ts";
import { ProviderWatch } from "../provider-watch.ts";
import type { ServerEnv } from "../server-env.ts";
import type { ServerParts } from "../server-parts.ts";

const STORE_PATIENCE_MS = 2_000;

type Parts = Pick<ServerParts, "storage" | "providers" | "version" | "instance_id" | "shutdown">;

export function healthRoutes(app: OpenAPIHono<ServerEnv>, parts: Parts): void {
  const { version, instance_id, shutdown } = parts;
  const watch = new ProviderWatch(parts.providers, shutdown);

  for (const route of [contract.readHealth, contract.readApiHealth]) {
    app.openapi(route, (c) => c.json({ status: "ok" as const, version, instance_id }, 200));
  }

  for (const route of [contract.readReadiness, contract.readApiReadiness]) {
    app.openapi(route, async (c) => {
      if (shutdown.aborted) throw new OrcaError("shutting_down", "The server is going down.");
      await answersInTime(parts.storage.system.ping());
      const providers = await watch.look();
      const degraded = providers.some((provider) => provider.healthy === false);
      return c.json({ status: degraded ? ("degraded" as const) : ("ready" as const), providers }, 200);
    });
  }
}

async function answersInTime(answer: Promise<void>): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new StorageError("storage_unreachable", `no answer to a ping in ${STORE_PATIENCE_MS} ms`)),
    STORE_PATIENCE_MS,
  );
  try {
    await Promise.race([answer, promise]);
  } finally {
    clearTimeout(timer);
  }
}
