import { z } from "@hono/zod-openapi";

import { decodeCursor, encodeCursor } from "./cursor.ts";
import type { Context } from "./server-env.ts";

export type Page<Row> = { data: Row[]; next_cursor: string | null };

const Offset = z.strictObject({ offset: z.int().min(0) });

/** A page of rows that are all at hand and only ever grow at the end. */
export function pageOf<Row>(
  rows: readonly Row[],
  query: { limit: number; cursor?: string | undefined },
): Page<Row> {
  const from = query.cursor === undefined ? 0 : decodeCursor(query.cursor, Offset).offset;
  const to = from + query.limit;
  return { data: rows.slice(from, to), next_cursor: to < rows.length ? encodeCursor({ offset: to }) : null };
}

/** Names the next page in the header Link too. */
export function linkNext(c: Context, nextCursor: string | null): void {
  if (nextCursor === null) return;
  const url = new URL(c.req.url);
  url.searchParams.set("cursor", nextCursor);
  c.header("link", `<${url.pathname}${url.search}>; rel="next"`);
}
