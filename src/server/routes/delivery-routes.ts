import { z, type OpenAPIHono } from "@hono/zod-openapi";

import * as contract from "../../contract/delivery-routes.ts";
import {
  type DeliveryActionView,
  type DeliverRequest,
  toDeliveryViews,
} from "../../contract/delivery-view.ts";
import { toWorkflowView } from "../../contract/to-workflow-view.ts";
import type { DeliveryRequest } from "../../core/workflow/delivery-state.ts";
import type { DeliveryAction } from "../../ports/delivery-action.ts";
import { linkNext, pageOf } from "../page.ts";
import type { ServerEnv } from "../server-env.ts";
import type { ServerParts } from "../server-parts.ts";
import { workflowId } from "../workflow-id.ts";

type Parts = Pick<ServerParts, "engine" | "deliveryActions" | "config">;

/** Handing the finished work over: again, elsewhere, or not at all. */
export function deliveryRoutes(
  app: OpenAPIHono<ServerEnv>,
  { engine, deliveryActions, config }: Parts,
): void {
  app.openapi(contract.listDeliveries, async (c) => {
    const state = await engine.load(c.get("principal"), workflowId(c.req.valid("param").id));
    const page = pageOf(toDeliveryViews(state), c.req.valid("query"));
    linkNext(c, page.next_cursor);
    return c.json(page, 200);
  });

  app.openapi(contract.deliver, async (c) => {
    const id = workflowId(c.req.valid("param").id);
    const state = await engine.deliver(c.get("principal"), id, requested(c.req.valid("json")));
    return c.json(toWorkflowView(state), 200);
  });

  app.openapi(contract.previewDelivery, async (c) => {
    const id = workflowId(c.req.valid("param").id);
    const preview = await engine.previewDelivery(c.get("principal"), id, requested(c.req.valid("json")));
    return c.json({ ...preview, effects: [...preview.effects] }, 200);
  });

  app.openapi(contract.skipDelivery, async (c) => {
    const id = workflowId(c.req.valid("param").id);
    const { reason } = c.req.valid("json");
    return c.json(toWorkflowView(await engine.skipDelivery(c.get("principal"), id, reason)), 200);
  });

  app.openapi(contract.listDeliveryActions, (c) => {
    const allowed = config.workflow.delivery_actions;
    const actions = [...deliveryActions.values()].map((action) => actionView(action, allowed));
    const page = pageOf(actions, c.req.valid("query"));
    linkNext(c, page.next_cursor);
    return c.json(page, 200);
  });
}

function requested({ delivery }: DeliverRequest): DeliveryRequest | null {
  return delivery ? { action: delivery.action, config: delivery.config ?? {} } : null;
}

function actionView(
  { name, description, outward, config }: DeliveryAction,
  allowed: readonly string[] | null,
): DeliveryActionView {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(config, { io: "input", unrepresentable: "any" });
  return { name, description, outward, allowed: allowed?.includes(name) ?? true, config: schema };
}
