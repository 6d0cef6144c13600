import { createRoute, z } from "@hono/zod-openapi";

import {
  DeliverBody,
  DeliveryActionView,
  DeliveryPreviewView,
  DeliveryView,
  SkipDeliveryBody,
} from "./delivery-view.ts";
import { NoQuery, PageQuery } from "./paging.ts";
import { PostHeaders, TenantHeaders } from "./request-headers.ts";
import { body, json, page, refused } from "./route-parts.ts";
import { WorkflowView } from "./workflow-view.ts";

const WorkflowPath = z.object({ id: z.string() });
const DELIVERIES = "/api/v1/workflows/{id}/deliveries";

const steered = {
  200: json(WorkflowView, "The workflow after it."),
  404: refused,
  409: refused,
  413: refused,
  415: refused,
  422: refused,
};

export const listDeliveries = createRoute({
  method: "get",
  path: DELIVERIES,
  operationId: "listDeliveries",
  tags: ["deliveries"],
  summary: "List the deliveries of a workflow, oldest first",
  request: { headers: TenantHeaders, params: WorkflowPath, query: PageQuery },
  responses: {
    200: page(DeliveryView, "DeliveryList", "A page of deliveries."),
    404: refused,
    422: refused,
  },
});

export const deliver = createRoute({
  method: "post",
  path: DELIVERIES,
  operationId: "deliver",
  tags: ["deliveries"],
  summary: "Hand the finished work over once more, or at last",
  description:
    "Takes the place of a delivery that waits or has failed; of a completed workflow it is one more. No model is asked. `not_deliverable` says that the work is not accepted as done, `delivery_running` that one is being made.",
  request: { headers: PostHeaders, params: WorkflowPath, query: NoQuery, body: body(DeliverBody, false) },
  responses: steered,
});

export const previewDelivery = createRoute({
  method: "post",
  path: `${DELIVERIES}/preview`,
  operationId: "previewDelivery",
  tags: ["deliveries"],
  summary: "Say what a delivery would do, without doing it",
  request: { headers: PostHeaders, params: WorkflowPath, query: NoQuery, body: body(DeliverBody, false) },
  responses: { ...steered, 200: json(DeliveryPreviewView, "What would happen.") },
});

export const skipDelivery = createRoute({
  method: "post",
  path: `${DELIVERIES}/skip`,
  operationId: "skipDelivery",
  tags: ["deliveries"],
  summary: "Do without the delivery that waits or has failed",
  request: { headers: PostHeaders, params: WorkflowPath, query: NoQuery, body: body(SkipDeliveryBody, true) },
  responses: steered,
});

export const listDeliveryActions = createRoute({
  method: "get",
  path: "/api/v1/delivery-actions",
  operationId: "listDeliveryActions",
  tags: ["deliveries"],
  summary: "List the ways of handing work over",
  request: { headers: TenantHeaders, query: PageQuery },
  responses: { 200: page(DeliveryActionView, "DeliveryActionList", "A page of actions."), 422: refused },
});
