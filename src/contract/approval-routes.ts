import { createRoute, z } from "@hono/zod-openapi";

import { RespondBody, WaiveBody } from "./approval-request.ts";
import { ApprovalDetail, ApprovalView } from "./approval-view.ts";
import { NoQuery, PageQuery } from "./paging.ts";
import { PostHeaders, TenantHeaders } from "./request-headers.ts";
import { body, json, page, refused } from "./route-parts.ts";
import { WorkflowView } from "./workflow-view.ts";

const ApprovalPath = z.object({
  approval_id: z.string().describe("`<workflow id>:<approval>`; the colon may be encoded."),
});
const CriterionPath = z.object({ id: z.string(), criterion_id: z.string() });
const FindingPath = z.object({ id: z.string(), finding_id: z.string() });

const APPROVAL = "/api/v1/approvals/{approval_id}";

const answered = {
  200: json(WorkflowView, "The workflow after it."),
  404: refused,
  409: refused,
  422: refused,
};

export const listApprovals = createRoute({
  method: "get",
  path: "/api/v1/approvals",
  operationId: "listApprovals",
  tags: ["approvals"],
  summary: "List what waits for a person's answer, newest workflow first",
  request: { headers: TenantHeaders, query: PageQuery },
  responses: { 200: page(ApprovalView, "ApprovalList", "A page of open approvals."), 422: refused },
});

export const readApproval = createRoute({
  method: "get",
  path: APPROVAL,
  operationId: "readApproval",
  tags: ["approvals"],
  summary: "Read an approval with what it is about",
  request: { headers: TenantHeaders, params: ApprovalPath, query: NoQuery },
  responses: { 200: json(ApprovalDetail, "The approval."), 404: refused, 422: refused },
});

export const respond = createRoute({
  method: "post",
  path: `${APPROVAL}/respond`,
  operationId: "respond",
  tags: ["approvals"],
  summary: "Answer an approval",
  description:
    "The answer is bound to what was shown: `approval_stale` says that it is another subject by now, `approval_closed` that it is not waited for any more, `approval_expired` that it comes too late to be a yes, `invalid_edit` with `errors` why an edit can't be carried out.",
  request: {
    headers: PostHeaders,
    params: ApprovalPath,
    query: NoQuery,
    body: body(RespondBody, true),
  },
  responses: { ...answered, 413: refused, 415: refused },
});

export const waiveCriterion = createRoute({
  method: "post",
  path: "/api/v1/workflows/{id}/criteria/{criterion_id}/waive",
  operationId: "waiveCriterion",
  tags: ["approvals"],
  summary: "Do without an acceptance criterion",
  request: { headers: PostHeaders, params: CriterionPath, query: NoQuery, body: body(WaiveBody, true) },
  responses: answered,
});

export const waiveFinding = createRoute({
  method: "post",
  path: "/api/v1/workflows/{id}/findings/{finding_id}/waive",
  operationId: "waiveFinding",
  tags: ["approvals"],
  summary: "Take it upon oneself that a finding stands",
  request: { headers: PostHeaders, params: FindingPath, query: NoQuery, body: body(WaiveBody, true) },
  responses: answered,
});
