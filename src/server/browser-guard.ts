import type { MiddlewareHandler } from "hono";

import { HttpError } from "./http-error.ts";
import { isLoopback } from "./loopback.ts";
import type { Context, ServerEnv } from "./server-env.ts";
import type { ServerParts } from "./server-parts.ts";

/** Any URL that begins so and goes on with a slash has the same hostname. */
const PLAIN_BASE = /^https?:\/\/[\w.:[\]-]+$/i;
const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Keeps web pages out of a server that trusts whoever reaches it: a name that was rebound to this address is not
 * answered, and another site cannot send a form or a fetch that changes something.
 */
export function browserGuard({ config }: Pick<ServerParts, "config">): MiddlewareHandler<ServerEnv> {
  const own = config.host.toLowerCase();
  // Nearly all requests name the server in the same way as the one before.
  let known: { readonly base: string; readonly host: string | undefined } = { base: "", host: undefined };
  return async (c, next) => {
    const base = baseOf(c.req.url);
    const host = c.req.header("host");
    if (base !== known.base || host !== known.host) {
      const url = new URL(c.req.url);
      for (const hostname of [url.hostname, hostnameOf(host ?? url.host)]) {
        if (isLoopback(hostname) || hostname === own) continue;
        throw new HttpError(
          "host_not_allowed",
          "This server answers only as localhost or by its configured host.",
        );
      }
      if (PLAIN_BASE.test(base)) known = { base, host };
    }
    if (!SAFE_METHODS.has(c.req.method) && isForeign(c)) {
      throw new HttpError("cross_origin", "Requests from other sites are refused.");
    }
    await next();
  };
}

/** The text before the path, from which the hostname is read. */
function baseOf(url: string): string {
  const path = url.indexOf("/", url.indexOf("//") + 2);
  return path < 0 ? url : url.slice(0, path);
}

function hostnameOf(host: string): string {
  const url = URL.parse(`http://${host}`);
  return url === null ? "" : url.hostname;
}

function isForeign(c: Context): boolean {
  const fetchSite = c.req.header("sec-fetch-site");
  if (fetchSite === "cross-site" || fetchSite === "same-site") return true;
  const origin = c.req.header("origin");
  return origin !== undefined && URL.parse(origin)?.host !== new URL(c.req.url).host;
}
