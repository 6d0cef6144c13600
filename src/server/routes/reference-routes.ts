import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import type { OpenAPIHono } from "@hono/zod-openapi";

import { openapiDocument } from "../../contract/openapi-document.ts";
import * as contract from "../../contract/routes.ts";
import { HttpError } from "../http-error.ts";
import { PROBLEMS } from "../problems.ts";
import type { ServerEnv } from "../server-env.ts";

const SCRIPT = "text/javascript; charset=utf-8";

/** From the installed package, so that the page needs no network. */
const PACKAGE_FILES: Readonly<Record<string, string>> = {
  "swagger-ui-bundle.js": SCRIPT,
  "swagger-ui.css": "text/css; charset=utf-8",
  "favicon-32x32.png": "image/png",
};

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>ts-orca API</title>
<link rel="icon" href="/api/v1/docs/favicon-32x32.png">
<link rel="stylesheet" href="/api/v1/docs/swagger-ui.css">
</head>
<body>
<div id="reference"></div>
<noscript>This page needs scripts; the document itself is at <a href="/api/v1/openapi.json">/api/v1/openapi.json</a>.</noscript>
<script src="/api/v1/docs/swagger-ui-bundle.js"></script>
<script src="/api/v1/docs/start.js"></script>
</body>
</html>
`;

const START = `SwaggerUIBundle({ url: "/api/v1/openapi.json", dom_id: "#reference", deepLinking: true });\n`;

/** Swagger UI sets style attributes and draws its arrows from data addresses. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

export function referenceRoutes(app: OpenAPIHono<ServerEnv>): void {
  // Few processes are ever asked for it, and making it costs a tenth of a start.
  let document: unknown;
  app.openapi(contract.readOpenapi, (c) => c.json((document ??= openapiDocument()), 200));

  app.openapi(contract.readDocs, (c) => {
    c.header("content-security-policy", PAGE_POLICY);
    return c.html(PAGE, 200);
  });

  app.openapi(contract.readDocsFile, async (c) => {
    const { file } = c.req.valid("param");
    c.header("cache-control", "public, max-age=3600");
    if (file === "start.js") return c.body(START, 200, { "content-type": SCRIPT });
    const type = Object.hasOwn(PACKAGE_FILES, file) ? PACKAGE_FILES[file] : undefined;
    if (type === undefined) throw new HttpError("route_not_found", "The page has no such file.");
    const bytes = new Uint8Array(await readFile(join(pageFiles(), file)));
    return c.body(bytes, 200, { "content-type": type });
  });

  app.openapi(contract.readProblem, (c) => {
    const { code } = c.req.valid("param");
    const kind = Object.hasOwn(PROBLEMS, code) ? PROBLEMS[code as keyof typeof PROBLEMS] : undefined;
    if (kind === undefined) throw new HttpError("route_not_found", "There is no such problem code.");
    const again =
      kind.retry_after_s === null
        ? "Repeating the request unchanged does not help."
        : "The same request may succeed later.";
    return c.text(`${kind.title} (${kind.status}, ${code})\n\n${kind.advice}\n${again}\n`, 200);
  });
}

/** Found, not imported: the package's entry point loads the whole page of 1.5 MB into the server. */
function pageFiles(): string {
  return dirname(fileURLToPath(import.meta.resolve("swagger-ui-dist/package.json")));
}
