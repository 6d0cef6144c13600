import { createRoute, z } from "@hono/zod-openapi";

import { NoQuery } from "./paging.ts";
import { TenantHeaders } from "./request-headers.ts";
import { refused } from "./route-parts.ts";

const WorkflowPath = z.object({ id: z.string() });
const DocumentPath = WorkflowPath.extend({ delivery_id: z.string(), name: z.string() });

const WORKFLOW = "/api/v1/workflows/{id}";

const RangeHeaders = TenantHeaders.extend({
  range: z.string().optional().describe("One range of bytes, such as `bytes=1000-`; others are ignored."),
  "if-range": z.string().optional().describe("The range is given only while the ETag is this one."),
});

const binary = { schema: z.string().openapi({ format: "binary" }) };
const archive = { "application/zip": binary, "application/gzip": binary };

export const readBundle = createRoute({
  method: "get",
  path: `${WORKFLOW}/bundle`,
  operationId: "readBundle",
  tags: ["results"],
  summary: "Download the files with their manifest, checksums and receipts as an archive",
  description:
    "Of a workflow that failed it holds the best tree; `verdict` in `manifest.json` says what became of it. " +
    "The same work gives the same bytes, so a download that broke off goes on with `Range` and `If-Range`. " +
    "Unpacked, `sha256sum -c SHA256SUMS` checks every file.",
  request: {
    headers: RangeHeaders,
    params: WorkflowPath,
    query: z.strictObject({ format: z.enum(["zip", "tar.gz"]).default("zip") }),
  },
  responses: {
    200: { description: "The archive; the ETag is the SHA-256 of its bytes.", content: archive },
    206: { description: "The range that was asked for.", content: archive },
    304: { description: "The archive has the ETag that If-None-Match names." },
    404: refused,
    409: refused,
    416: refused,
    422: refused,
  },
});

export const readDeliveryDocument = createRoute({
  method: "get",
  path: `${WORKFLOW}/deliveries/{delivery_id}/documents/{name}`,
  operationId: "readDeliveryDocument",
  tags: ["deliveries"],
  summary: "Read a document that a delivery has made",
  request: { headers: TenantHeaders, params: DocumentPath, query: NoQuery },
  responses: {
    200: {
      description: "The document; the ETag is its SHA-256.",
      content: { "text/markdown": { schema: z.string() }, "text/html": { schema: z.string() } },
    },
    304: { description: "The document has the ETag that If-None-Match names." },
    404: refused,
    422: refused,
  },
});
