import { createRoute, z } from "@hono/zod-openapi";

import { FileView, tree } from "./file-view.ts";
import { NoQuery, PageQuery } from "./paging.ts";
import { ReceiptsQuery, ReceiptView } from "./receipt-view.ts";
import { TenantHeaders } from "./request-headers.ts";
import { fileContent, json, page, refused } from "./route-parts.ts";

const WorkflowPath = z.object({ id: z.string() });
const ReceiptPath = WorkflowPath.extend({ receipt_id: z.string() });
const FilePath = WorkflowPath.extend({
  path: z.string().describe("Path in the tree; its slashes may be encoded."),
});

const WORKFLOW = "/api/v1/workflows/{id}";

export const listReceipts = createRoute({
  method: "get",
  path: `${WORKFLOW}/receipts`,
  operationId: "listReceipts",
  tags: ["results"],
  summary: "List what the engine has run on the work, and how it ended",
  request: { headers: TenantHeaders, params: WorkflowPath, query: ReceiptsQuery },
  responses: {
    200: page(ReceiptView, "ReceiptList", "A page of receipts, oldest first."),
    404: refused,
    422: refused,
  },
});

export const readReceipt = createRoute({
  method: "get",
  path: `${WORKFLOW}/receipts/{receipt_id}`,
  operationId: "readReceipt",
  tags: ["results"],
  summary: "Read a receipt",
  request: { headers: TenantHeaders, params: ReceiptPath, query: NoQuery },
  responses: { 200: json(ReceiptView, "The receipt."), 404: refused, 422: refused },
});

const revision = z.string().min(1).max(128);

export const readDiff = createRoute({
  method: "get",
  path: `${WORKFLOW}/diff`,
  operationId: "readDiff",
  tags: ["results"],
  summary: "Compare two trees of a workflow",
  description:
    "Trees are `base` (what the workflow began with, if it began with something), `cycle-<n>` (after repair cycle n), `task:<key>` (after a task) and `latest`.",
  request: {
    headers: TenantHeaders,
    params: WorkflowPath,
    query: z.strictObject({
      from: revision.describe("The earlier tree."),
      to: revision.default("latest").describe("The later tree."),
    }),
  },
  responses: {
    200: {
      description: "A unified diff as git writes it; empty when the trees are alike.",
      content: { "text/x-diff": { schema: z.string() } },
    },
    404: refused,
    422: refused,
    503: refused,
  },
});

export const listFiles = createRoute({
  method: "get",
  path: `${WORKFLOW}/files`,
  operationId: "listFiles",
  tags: ["results"],
  summary: "List the files of a tree, also of a workflow that failed",
  request: { headers: TenantHeaders, params: WorkflowPath, query: PageQuery.extend({ tree }) },
  responses: { 200: page(FileView, "FileList", "A page of files."), 404: refused, 422: refused },
});

/** The one route whose last part goes on over slashes. */
export const readFile = createRoute({
  method: "get",
  path: `${WORKFLOW}/files/{path}`,
  operationId: "readFile",
  tags: ["results"],
  summary: "Read a file of a tree",
  request: { headers: TenantHeaders, params: FilePath, query: z.strictObject({ tree }) },
  responses: { ...fileContent, 404: refused, 422: refused },
});
