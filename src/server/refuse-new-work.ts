import type { MiddlewareHandler } from "hono";

import { OrcaError } from "../core/orca-error.ts";
import type { ServerEnv } from "./server-env.ts";
import type { ServerParts } from "./server-parts.ts";

const CHANGING: ReadonlySet<string> = new Set(["POST", "PUT", "DELETE"]);

/** Once the server goes down, what would change something is for another node; reads are answered to the end. */
export function refuseNewWork({ shutdown }: Pick<ServerParts, "shutdown">): MiddlewareHandler<ServerEnv> {
  return async (c, next) => {
    if (shutdown.aborted && CHANGING.has(c.req.method))
      throw new OrcaError("shutting_down", "The server is going down; repeat the request in a moment.");
    await next();
  };
}
