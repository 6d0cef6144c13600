import { createHash } from "node:crypto";

import type { MiddlewareHandler } from "hono";

import { idempotencyKey } from "../contract/request-headers.ts";
import type { IdempotencyRecord, TenantStorage } from "../ports/storage.ts";
import { HttpError } from "./http-error.ts";
import type { Context, ServerEnv } from "./server-env.ts";
import type { ServerParts } from "./server-parts.ts";

const KEPT_HEADERS = ["content-type", "location"] as const;

/**
 * Answers a repeat of a POST with the first answer, and lets only one of several at a time be carried out. Only
 * successes are kept: after a refusal the key is free for the mended request.
 */
export function idempotency(parts: Pick<ServerParts, "instance_id">): MiddlewareHandler<ServerEnv> {
  const stranded = new Set<string>();
  return async (c, next) => {
    const key = c.req.header("idempotency-key");
    c.set("keyed_request", null);
    // A key of the wrong form is refused by the route's own schema.
    if (key === undefined || !idempotencyKey.safeParse(key).success) return next();

    const storage = c.get("storage");
    const fingerprint = fingerprintOf(c);
    const owner = parts.instance_id;
    const standing = await storage.takeIdempotencyKey({
      key,
      fingerprint,
      owner,
      created_at: new Date().toISOString(),
    });
    const slot = `${storage.tenantId} ${key}`;
    if (standing !== null) {
      if (standing.fingerprint !== fingerprint) throw reused();
      if (standing.answer !== null) return replay(c, standing.answer);
      // Unanswered because its answer could not be stored: it is carried out again, else it is still on its way.
      if (!stranded.delete(slot)) throw inFlight();
    }
    c.set("keyed_request", hex(`${storage.tenantId}\n${key}\n${fingerprint}`));
    try {
      await next();
    } finally {
      if (!(await settled(c, storage, { key, owner }))) stranded.add(slot);
    }
  };
}

/** The id of the workflow that a keyed request creates: the same after a crash between commit and answer. */
export function workflowIdOf(keyedRequest: string): string {
  return `wf_${keyedRequest.slice(0, 32)}`;
}

function fingerprintOf(c: Context): string {
  const { pathname, search } = new URL(c.req.url);
  return hex([c.req.method, pathname + search, c.get("scope_id") ?? "", c.get("body_text")].join("\n"));
}

function hex(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** False when the store failed: the request is carried out by now, so that must not turn its answer into an error. */
async function settled(
  c: Context,
  storage: TenantStorage,
  { key, owner }: { readonly key: string; readonly owner: string },
): Promise<boolean> {
  try {
    if (!c.finalized || !c.res.ok) {
      await storage.releaseIdempotencyKey(key, owner);
      return true;
    }
    const headers: Record<string, string> = {};
    for (const name of KEPT_HEADERS) {
      const value = c.res.headers.get(name);
      if (value !== null) headers[name] = value;
    }
    await storage.answerIdempotencyKey(key, {
      status: c.res.status,
      headers,
      body: await c.res.clone().text(),
    });
    return true;
  } catch (error) {
    c.get("log").error({ error }, "the answer to an idempotency key was not stored");
    return false;
  }
}

function replay(c: Context, answer: NonNullable<IdempotencyRecord["answer"]>): Response {
  return c.body(answer.body, answer.status as 200, { ...answer.headers, "idempotency-replayed": "true" });
}

function reused(): HttpError {
  return new HttpError(
    "idempotency_key_reused",
    "This Idempotency-Key was used for another request; use a new one.",
    {
      details: [{ pointer: "/headers/idempotency-key", detail: "used for another request" }],
    },
  );
}

function inFlight(): HttpError {
  return new HttpError(
    "idempotency_in_flight",
    "The first request with this Idempotency-Key is not answered yet.",
  );
}
