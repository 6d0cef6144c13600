import { z } from "@hono/zod-openapi";

export const LARGEST_PAGE = 1000;
export const DEFAULT_PAGE = 50;

export const limit = z.coerce
  .number({ error: "a whole number from 1 to 1000" })
  .int()
  .min(1)
  .max(LARGEST_PAGE)
  .default(DEFAULT_PAGE)
  .describe("Rows in the answer at most.");

/** Where a page starts: the `next_cursor` of the page before. */
export const PageQuery = z.strictObject({
  limit,
  cursor: z.string().optional().describe("`next_cursor` of the page before; without it, the first page."),
});
export type PageQuery = z.infer<typeof PageQuery>;

/** A query without parameters, so that a misspelt one is refused instead of ignored. */
export const NoQuery = z.strictObject({});

/** The one shape of lists. */
export function listOf<Item extends z.ZodType>(item: Item, name: string) {
  return z
    .object({
      data: z.array(item),
      next_cursor: z
        .string()
        .nullable()
        .describe("Give it as `cursor` for the next page; null on the last one."),
    })
    .openapi(name);
}
