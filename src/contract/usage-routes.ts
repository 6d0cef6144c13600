import { createRoute, z } from "@hono/zod-openapi";

import { TenantHeaders } from "./request-headers.ts";
import { refused } from "./route-parts.ts";
import { UsageQuery, UsageView } from "./usage-view.ts";

export const readUsage = createRoute({
  method: "get",
  path: "/api/v1/usage",
  operationId: "readUsage",
  tags: ["usage"],
  summary: "What the tenant's model calls took and cost",
  description:
    "Sums over model calls, grouped as asked, with totals over all groups and the shared budgets that have a limit. " +
    "With `Accept: text/csv` only the groups, all of them, as CSV with a heading.",
  request: { headers: TenantHeaders, query: UsageQuery },
  responses: {
    200: {
      description: "The usage.",
      content: { "application/json": { schema: UsageView }, "text/csv": { schema: z.string() } },
    },
    422: refused,
  },
});
