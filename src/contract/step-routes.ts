import { createRoute, z } from "@hono/zod-openapi";

import { ModelCallDetail, ModelCallView } from "./model-call-view.ts";
import { NoQuery, PageQuery } from "./paging.ts";
import { TenantHeaders } from "./request-headers.ts";
import { json, page, refused } from "./route-parts.ts";
import { StepDetail, StepView } from "./step-view.ts";

const WorkflowPath = z.object({ id: z.string() });
const StepPath = WorkflowPath.extend({
  step_id: z.string().describe("Such as `qa:1` or `task:parser`; the colon may be encoded."),
});
const count = z.coerce.number({ error: "a number, 1 or more" }).int().min(1);
const CallPath = StepPath.extend({
  attempt: count.describe("Number of the attempt."),
  ordinal: count.describe("Number of the call inside the attempt."),
});

const STEPS = "/api/v1/workflows/{id}/steps";

export const listSteps = createRoute({
  method: "get",
  path: STEPS,
  operationId: "listSteps",
  tags: ["workflows"],
  summary: "List the steps of a workflow",
  request: { headers: TenantHeaders, params: WorkflowPath, query: PageQuery },
  responses: { 200: page(StepView, "StepList", "A page of steps."), 404: refused, 422: refused },
});

export const readStep = createRoute({
  method: "get",
  path: `${STEPS}/{step_id}`,
  operationId: "readStep",
  tags: ["workflows"],
  summary: "Read a step with its attempts and what they cost",
  request: { headers: TenantHeaders, params: StepPath, query: NoQuery },
  responses: { 200: json(StepDetail, "The step."), 404: refused, 422: refused },
});

export const listModelCalls = createRoute({
  method: "get",
  path: `${STEPS}/{step_id}/model_calls`,
  operationId: "listModelCalls",
  tags: ["workflows"],
  summary: "List the model calls of a step",
  request: { headers: TenantHeaders, params: StepPath, query: PageQuery },
  responses: {
    200: page(ModelCallView, "ModelCallList", "A page of model calls, by attempt and ordinal."),
    404: refused,
    422: refused,
  },
});

export const readModelCall = createRoute({
  method: "get",
  path: `${STEPS}/{step_id}/model_calls/{attempt}/{ordinal}`,
  operationId: "readModelCall",
  tags: ["workflows"],
  summary: "Read a model call with what the model was told and answered",
  request: { headers: TenantHeaders, params: CallPath, query: NoQuery },
  responses: { 200: json(ModelCallDetail, "The model call."), 404: refused, 422: refused },
});
