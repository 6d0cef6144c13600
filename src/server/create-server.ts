import { OpenAPIHono } from "@hono/zod-openapi";

import { ROUTES } from "../contract/openapi-document.ts";
import { bodyGuard } from "./body-guard.ts";
import { browserGuard } from "./browser-guard.ts";
import { HttpError } from "./http-error.ts";
import { idempotency } from "./idempotency.ts";
import { invalidRequest } from "./invalid-request.ts";
import { localPrincipal } from "./principal.ts";
import { answerProblem } from "./problem-response.ts";
import { refuseNewWork } from "./refuse-new-work.ts";
import { requestContext } from "./request-context.ts";
import { approvalRoutes } from "./routes/approval-routes.ts";
import { artifactRoutes } from "./routes/artifact-routes.ts";
import { bundleRoutes } from "./routes/bundle-routes.ts";
import { deliveryRoutes } from "./routes/delivery-routes.ts";
import { eventRoutes } from "./routes/event-routes.ts";
import { healthRoutes } from "./routes/health-routes.ts";
import { hookRoutes } from "./routes/hook-routes.ts";
import { providerRoutes } from "./routes/provider-routes.ts";
import { referenceRoutes } from "./routes/reference-routes.ts";
import { resultRoutes } from "./routes/result-routes.ts";
import { secretRoutes } from "./routes/secret-routes.ts";
import { stepRoutes } from "./routes/step-routes.ts";
import { usageRoutes } from "./routes/usage-routes.ts";
import { webhookRoutes } from "./routes/webhook-routes.ts";
import { steeringRoutes, workflowRoutes } from "./routes/workflow-routes.ts";
import type { ServerEnv } from "./server-env.ts";
import type { ServerParts } from "./server-parts.ts";

/** Where go-orca had what is below /api/v1 here; of these the last three are still to come. */
const FORMER_ROOTS = ["/workflows", "/providers", "/tenants", "/scopes", "/customizations"];
const FORMER_PATHS = [
  "/docs",
  "/docs/",
  "/docs/openapi.yaml",
  ...FORMER_ROOTS.flatMap((root) => [root, `${root}/*`]),
];

const WORKER_ONLY =
  "This node is a worker: it runs workflows and answers only /healthz and /readyz. Ask a node whose role is api or all.";

/** The whole HTTP side of the product; it starts nothing and listens nowhere. Of a worker only whether it is well. */
export function createServer(parts: ServerParts): OpenAPIHono<ServerEnv> {
  const app = new OpenAPIHono<ServerEnv>({
    defaultHook: (result) => {
      if (!result.success) throw invalidRequest(result.target, result.error);
    },
  });
  app.onError((error, c) => answerProblem(c, error));
  app.use(requestContext(parts));
  // Before the guard against browsers: GitHub names the server as the world does, and what it sends is signed.
  if (parts.config.role !== "worker") hookRoutes(app, parts);
  app.use(browserGuard(parts));
  if (parts.config.role === "worker") {
    app.notFound((c) => answerProblem(c, new HttpError("route_not_found", WORKER_ONLY)));
    healthRoutes(app, parts);
    return app;
  }
  app.notFound((c) => answerProblem(c, notFound(c.req.method, c.req.path)));
  app.use(refuseNewWork(parts));

  app.on(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"], FORMER_PATHS, (c) => {
    const { pathname, search } = new URL(c.req.url);
    const path = pathname === "/docs/openapi.yaml" ? "/openapi.json" : pathname.replace(/\/+$/, "");
    return c.redirect(`/api/v1${path}${search}`, 308);
  });
  app.get("/", (c) => c.redirect("/api/v1/docs", 302));

  // Before the principal: whether the server is well does not depend on who asks.
  healthRoutes(app, parts);
  app.use("/api/v1/*", localPrincipal(parts));
  const guards = [bodyGuard(parts), idempotency(parts)] as const;
  for (const { method, path } of ROUTES) if (method === "post") app.post(routingPath(path), ...guards);
  // A repeat of these is harmless without a record of it, which would keep a trace of a secret's value.
  for (const { method, path } of ROUTES)
    if (method === "put" || method === "delete")
      app.on(method.toUpperCase(), routingPath(path), bodyGuard(parts, { quotes: false }));

  workflowRoutes(app, parts);
  steeringRoutes(app, parts);
  approvalRoutes(app, parts);
  deliveryRoutes(app, parts);
  resultRoutes(app, parts);
  bundleRoutes(app, parts);
  stepRoutes(app);
  usageRoutes(app, parts);
  secretRoutes(app, parts);
  webhookRoutes(app, parts);
  eventRoutes(app, parts);
  artifactRoutes(app, parts);
  providerRoutes(app, parts);
  referenceRoutes(app);
  return app;
}

function routingPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ":$1");
}

const PATTERNS = ROUTES.map(({ method, path }) => ({
  method: method.toUpperCase(),
  pattern: new RegExp(
    `^${path
      .replaceAll(".", "\\.")
      .replace("{path}", ".+")
      .replaceAll(/\{\w+\}/g, "[^/]+")}$`,
  ),
}));

/** A path that exists for other methods says which; the rest is unknown. */
function notFound(method: string, path: string): HttpError {
  const methods = [
    ...new Set(PATTERNS.filter(({ pattern }) => pattern.test(path)).map((route) => route.method)),
  ];
  if (methods.length === 0)
    return new HttpError("route_not_found", "There is nothing here; see /api/v1/docs.");
  const allow = methods.flatMap((each) => (each === "GET" ? ["GET", "HEAD"] : [each])).join(", ");
  return new HttpError("method_not_allowed", `${method} is not possible here, only ${allow}.`, {
    headers: { allow },
  });
}
