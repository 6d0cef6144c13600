import { OpenAPIHono, type RouteConfig } from "@hono/zod-openapi";

import * as approvalRoutes from "./approval-routes.ts";
import * as bundleRoutes from "./bundle-routes.ts";
import * as deliveryRoutes from "./delivery-routes.ts";
import * as resultRoutes from "./result-routes.ts";
import * as routes from "./routes.ts";
import * as secretRoutes from "./secret-routes.ts";
import * as stepRoutes from "./step-routes.ts";
import * as usageRoutes from "./usage-routes.ts";
import * as webhookRoutes from "./webhook-routes.ts";

/** Every route of the API; the server registers exactly these. */
export const ROUTES: readonly RouteConfig[] = [
  routes,
  resultRoutes,
  bundleRoutes,
  approvalRoutes,
  deliveryRoutes,
  stepRoutes,
  usageRoutes,
  secretRoutes,
  webhookRoutes,
].flatMap((group) => Object.values<RouteConfig>(group));

/** The OpenAPI 3.1 document, made from the schemas that validate. */
export function openapiDocument() {
  const app = new OpenAPIHono();
  for (const route of ROUTES) app.openAPIRegistry.registerPath(route);
  return app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "ts-orca",
      version: "1",
      description: "Submit a request, follow the seven roles that work on it, read what they made.",
      license: { name: "MIT", url: "https://spdx.org/licenses/MIT.html" },
    },
    servers: [{ url: "/" }],
  });
}
