import type { z } from "@hono/zod-openapi";

import { invalidFields } from "./invalid-request.ts";

/** Opaque to callers, so that what a page starts from may change. */
export function encodeCursor(position: unknown): string {
  return Buffer.from(JSON.stringify(position)).toString("base64url");
}

export function decodeCursor<Schema extends z.ZodType>(cursor: string, schema: Schema): z.infer<Schema> {
  const position = schema.safeParse(jsonIn(cursor));
  if (position.success) return position.data;
  throw invalidFields([
    { pointer: "/query/cursor", detail: "give the next_cursor of the page before, unchanged" },
  ]);
}

/** Undefined when it is none: no schema of a position takes that. */
function jsonIn(cursor: string): unknown {
  if (!/^[A-Za-z0-9_-]+$/.test(cursor)) return undefined;
  try {
    return JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
