import type { MiddlewareHandler } from "hono";

import { TenantHeaders } from "../contract/request-headers.ts";
import { invalidRequest } from "./invalid-request.ts";
import type { ServerEnv } from "./server-env.ts";
import type { ServerParts } from "./server-parts.ts";

const DEFAULT_TENANT = "default";
/** The one principal of local mode, who may do everything. */
export const LOCAL_ACTOR = "local";

/** Local mode: whoever reaches the server is its owner, and headers say in which tenant and scope they work. */
export function localPrincipal({ storage }: Pick<ServerParts, "storage">): MiddlewareHandler<ServerEnv> {
  return async (c, next) => {
    const headers = TenantHeaders.safeParse({
      "x-tenant-id": c.req.header("x-tenant-id"),
      "x-scope-id": c.req.header("x-scope-id"),
    });
    if (!headers.success) throw invalidRequest("header", headers.error);
    const tenant = headers.data["x-tenant-id"] ?? DEFAULT_TENANT;
    c.set("principal", { tenant_id: tenant, actor: LOCAL_ACTOR });
    c.set("scope_id", headers.data["x-scope-id"] ?? null);
    c.set("storage", storage.forTenant(tenant));
    await next();
  };
}
