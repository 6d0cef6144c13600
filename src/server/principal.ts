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
    const { tenant, scope } = namesIn(c.req.header("x-tenant-id"), c.req.header("x-scope-id"));
    c.set("principal", { tenant_id: tenant, actor: LOCAL_ACTOR });
    c.set("scope_id", scope);
    c.set("storage", storage.forTenant(tenant));
    await next();
  };
}

function namesIn(
  tenant?: string,
  scope?: string,
): { readonly tenant: string; readonly scope: string | null } {
  if (tenant === undefined && scope === undefined) return { tenant: DEFAULT_TENANT, scope: null };
  const headers = TenantHeaders.safeParse({ "x-tenant-id": tenant, "x-scope-id": scope });
  if (!headers.success) throw invalidRequest("header", headers.error);
  return { tenant: headers.data["x-tenant-id"] ?? DEFAULT_TENANT, scope: headers.data["x-scope-id"] ?? null };
}
