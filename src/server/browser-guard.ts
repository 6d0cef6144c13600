import type { MiddlewareHandler } from "hono";

import { HttpError } from "./http-error.ts";
import { isLoopback } from "./loopback.ts";
import type { ServerEnv } from "./server-env.ts";
import type { ServerParts } from "./server-parts.ts";

const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Keeps web pages out of a server that trusts whoever reaches it: a name that was rebound to this address is not
 * answered, and another site cannot send a form or a fetch that changes something.
 */
export function browserGuard({ config }: Pick<ServerParts, "config">): MiddlewareHandler<ServerEnv> {
  const own = config.host.toLowerCase();
  return async (c, next) => {
    const url = new URL(c.req.url);
    for (const hostname of [url.hostname, hostnameOf(c.req.header("host") ?? url.host)]) {
      if (isLoopback(hostname) || hostname === own) continue;
      throw new HttpError(
        "host_not_allowed",
        "This server answers only as localhost or by its configured host.",
      );
    }
    if (
      !SAFE_METHODS.has(c.req.method) &&
      isForeign(c.req.header("origin"), c.req.header("sec-fetch-site"), url)
    ) {
      throw new HttpError("cross_origin", "Requests from other sites are refused.");
    }
    await next();
  };
}

function hostnameOf(host: string): string {
  const url = URL.parse(`http://${host}`);
  return url === null ? "" : url.hostname;
}

function isForeign(origin: string | undefined, fetchSite: string | undefined, url: URL): boolean {
  if (fetchSite === "cross-site" || fetchSite === "same-site") return true;
  return origin !== undefined && URL.parse(origin)?.host !== url.host;
}
