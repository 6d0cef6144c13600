import { randomUUID } from "node:crypto";

import type { MiddlewareHandler } from "hono";

import { SECURITY_HEADERS } from "./security-headers.ts";
import type { ServerEnv } from "./server-env.ts";
import type { ServerParts } from "./server-parts.ts";

const SANE_ID = /^[A-Za-z0-9._:-]{1,128}$/;
const PROBES: ReadonlySet<string> = new Set(["/healthz", "/readyz", "/api/v1/healthz", "/api/v1/readyz"]);

/** Gives every request an id, a logger and the security headers, and writes one line about how it was answered. */
export function requestContext({ logger }: Pick<ServerParts, "logger">): MiddlewareHandler<ServerEnv> {
  return async (c, next) => {
    const requestId = requestIdFrom(c.req.header("x-request-id"));
    const log = logger.child({ request_id: requestId });
    c.set("request_id", requestId);
    c.set("log", log);
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) c.header(name, value);
    c.header("x-request-id", requestId);
    const started = performance.now();
    await next();
    const ms = Math.round(performance.now() - started);
    const { method, path } = c.req;
    log[PROBES.has(path) ? "debug" : "info"]({ method, path, status: c.res.status, ms }, "request");
  };
}

/** What a caller sends is kept only when it cannot forge a log line. */
export function requestIdFrom(given: string | undefined): string {
  return given !== undefined && SANE_ID.test(given) ? given : randomUUID();
}
