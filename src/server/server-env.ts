import type { HttpBindings } from "@hono/node-server";
import type { Context as HonoContext } from "hono";

import type { Principal } from "../engine/engine.ts";
import type { Logger } from "../ports/logger.ts";
import type { TenantStorage } from "../ports/storage.ts";

/** What the middleware leaves for the handlers. */
export type ServerEnv = {
  Bindings: HttpBindings;
  Variables: {
    request_id: string;
    log: Logger;
    principal: Principal;
    scope_id: string | null;
    storage: TenantStorage;
    /** Text of the request's body, checked to be UTF-8 and fit to store; empty when there is none. */
    body_text: string;
    /** Hex digest of the request that holds an idempotency key; null without a key. */
    keyed_request: string | null;
  };
};

export type Context = HonoContext<ServerEnv>;
