import { createRoute, z } from "@hono/zod-openapi";

import { EventRow, EventsQuery } from "./event-row.ts";
import { HealthView, ReadinessView } from "./health-view.ts";
import { NoQuery, PageQuery } from "./paging.ts";
import { ModelView, ProviderHealthView, ProviderView } from "./provider-view.ts";
import { PostHeaders, StreamHeaders, TenantHeaders } from "./request-headers.ts";
import { body, fileContent, json, page, refused } from "./route-parts.ts";
import { CreateWorkflowBody, NoFields, ResumeWorkflowBody } from "./workflow-request.ts";
import { WorkflowsQuery, WorkflowSummary } from "./workflow-summary.ts";
import { ArtifactView, FindingView, WorkflowView } from "./workflow-view.ts";

const WorkflowPath = z.object({ id: z.string() });
const ArtifactPath = z.object({ id: z.string(), artifact_id: z.string() });
const ProviderPath = z.object({ name: z.string() });

const WORKFLOW = "/api/v1/workflows/{id}";

const text = { "text/plain": { schema: z.string() } };

export const createWorkflow = createRoute({
  method: "post",
  path: "/api/v1/workflows",
  operationId: "createWorkflow",
  tags: ["workflows"],
  summary: "Start a workflow",
  request: { headers: PostHeaders, query: NoQuery, body: body(CreateWorkflowBody, true) },
  responses: {
    201: {
      ...json(WorkflowView, "Accepted and durable."),
      headers: z.object({ location: z.string().describe("Path of the workflow.") }),
    },
    400: refused,
    409: refused,
    413: refused,
    415: refused,
    422: refused,
  },
});

export const listWorkflows = createRoute({
  method: "get",
  path: "/api/v1/workflows",
  operationId: "listWorkflows",
  tags: ["workflows"],
  summary: "List workflows, newest first",
  request: { headers: TenantHeaders, query: WorkflowsQuery },
  responses: { 200: page(WorkflowSummary, "WorkflowList", "A page of workflows."), 422: refused },
});

export const readWorkflow = createRoute({
  method: "get",
  path: WORKFLOW,
  operationId: "readWorkflow",
  tags: ["workflows"],
  summary: "Read a workflow",
  request: { headers: TenantHeaders, params: WorkflowPath, query: NoQuery },
  responses: { 200: json(WorkflowView, "The workflow as it stands."), 404: refused, 422: refused },
});

const steered = {
  200: json(WorkflowView, "The workflow after it."),
  404: refused,
  409: refused,
  422: refused,
};

export const pauseWorkflow = createRoute({
  method: "post",
  path: `${WORKFLOW}/pause`,
  operationId: "pauseWorkflow",
  tags: ["workflows"],
  summary: "Start nothing new; the running steps finish",
  request: { headers: PostHeaders, params: WorkflowPath, query: NoQuery, body: body(NoFields, false) },
  responses: steered,
});

export const resumeWorkflow = createRoute({
  method: "post",
  path: `${WORKFLOW}/resume`,
  operationId: "resumeWorkflow",
  tags: ["workflows"],
  summary: "Continue a paused or failed workflow, with other settings if given",
  request: {
    headers: PostHeaders,
    params: WorkflowPath,
    query: NoQuery,
    body: body(ResumeWorkflowBody, false),
  },
  responses: steered,
});

export const cancelWorkflow = createRoute({
  method: "post",
  path: `${WORKFLOW}/cancel`,
  operationId: "cancelWorkflow",
  tags: ["workflows"],
  summary: "End a workflow; model calls in flight are aborted",
  request: { headers: PostHeaders, params: WorkflowPath, query: NoQuery, body: body(NoFields, false) },
  responses: steered,
});

export const listEvents = createRoute({
  method: "get",
  path: `${WORKFLOW}/events`,
  operationId: "listEvents",
  tags: ["events"],
  summary: "Read the journal of a workflow",
  request: { headers: TenantHeaders, params: WorkflowPath, query: EventsQuery },
  responses: { 200: page(EventRow, "EventList", "A page of events, by `seq`."), 404: refused, 422: refused },
});

export const streamEvents = createRoute({
  method: "get",
  path: `${WORKFLOW}/stream`,
  operationId: "streamEvents",
  tags: ["events"],
  summary: "Follow the journal of a workflow by server-sent events",
  description:
    "Frames carry `id` (the `seq`), `event` (the type) and `data` (an Event as JSON). A reconnect with `Last-Event-ID` " +
    "misses nothing. The stream ends after `workflow.closed`; a reconnect after that answers 204.",
  request: {
    headers: StreamHeaders,
    params: WorkflowPath,
    query: z.strictObject({ after: z.string().optional().describe("Sends only what follows this `seq`.") }),
  },
  responses: {
    200: { description: "Events as they happen.", content: { "text/event-stream": { schema: z.string() } } },
    204: { description: "The workflow is closed and nothing follows." },
    400: refused,
    404: refused,
    422: refused,
  },
});

export const listArtifacts = createRoute({
  method: "get",
  path: `${WORKFLOW}/artifacts`,
  operationId: "listArtifacts",
  tags: ["artifacts"],
  summary: "List the artifacts of a workflow",
  request: {
    headers: TenantHeaders,
    params: WorkflowPath,
    query: PageQuery.extend({
      revisions: z
        .enum(["newest", "all"])
        .default("newest")
        .describe("newest: one row a path that stands. all: every revision, deletions among them."),
    }),
  },
  responses: { 200: page(ArtifactView, "ArtifactList", "A page of artifacts."), 404: refused, 422: refused },
});

export const readArtifact = createRoute({
  method: "get",
  path: `${WORKFLOW}/artifacts/{artifact_id}`,
  operationId: "readArtifact",
  tags: ["artifacts"],
  summary: "Read the content of an artifact",
  request: { headers: TenantHeaders, params: ArtifactPath, query: NoQuery },
  responses: { ...fileContent, 404: refused, 422: refused },
});

export const listFindings = createRoute({
  method: "get",
  path: `${WORKFLOW}/findings`,
  operationId: "listFindings",
  tags: ["workflows"],
  summary: "List the findings of a workflow",
  request: { headers: TenantHeaders, params: WorkflowPath, query: PageQuery },
  responses: { 200: page(FindingView, "FindingList", "A page of findings."), 404: refused, 422: refused },
});

export const listProviders = createRoute({
  method: "get",
  path: "/api/v1/providers",
  operationId: "listProviders",
  tags: ["providers"],
  summary: "List the configured providers",
  request: { headers: TenantHeaders, query: PageQuery },
  responses: { 200: page(ProviderView, "ProviderList", "The providers."), 422: refused },
});

export const listModels = createRoute({
  method: "get",
  path: "/api/v1/providers/{name}/models",
  operationId: "listModels",
  tags: ["providers"],
  summary: "Ask a provider for its models",
  request: { headers: TenantHeaders, params: ProviderPath, query: PageQuery },
  responses: {
    200: page(ModelView, "ModelList", "Its models now."),
    404: refused,
    422: refused,
    502: refused,
  },
});

export const testProvider = createRoute({
  method: "post",
  path: "/api/v1/providers/{name}/test",
  operationId: "testProvider",
  tags: ["providers"],
  summary: "Try a provider without a paid call",
  request: { headers: PostHeaders, params: ProviderPath, query: NoQuery, body: body(NoFields, false) },
  responses: { 200: json(ProviderHealthView, "How it answered."), 404: refused, 409: refused, 422: refused },
});

export const readOpenapi = createRoute({
  method: "get",
  path: "/api/v1/openapi.json",
  operationId: "readOpenapi",
  tags: ["server"],
  summary: "This document",
  responses: { 200: { description: "OpenAPI 3.1.", content: { "application/json": { schema: z.any() } } } },
});

export const readDocs = createRoute({
  method: "get",
  path: "/api/v1/docs",
  operationId: "readDocs",
  tags: ["server"],
  summary: "The API reference as a page",
  responses: { 200: { description: "A page.", content: { "text/html": { schema: z.string() } } } },
});

export const readDocsFile = createRoute({
  method: "get",
  path: "/api/v1/docs/{file}",
  operationId: "readDocsFile",
  tags: ["server"],
  summary: "A file of that page",
  request: { params: z.object({ file: z.string() }) },
  responses: {
    200: { description: "The file.", content: { "text/javascript": { schema: z.string() } } },
    404: refused,
  },
});

export const readProblem = createRoute({
  method: "get",
  path: "/problems/{code}",
  operationId: "readProblem",
  tags: ["server"],
  summary: "What a problem code means",
  request: { params: z.object({ code: z.string() }) },
  responses: { 200: { description: "A short text.", content: text }, 404: refused },
});

function health<Path extends string>(path: Path, operationId: string) {
  return createRoute({
    method: "get",
    path,
    operationId,
    tags: ["server"],
    summary: "Whether the process answers",
    responses: { 200: json(HealthView, "It does.") },
  });
}

function readiness<Path extends string>(path: Path, operationId: string) {
  return createRoute({
    method: "get",
    path,
    operationId,
    tags: ["server"],
    summary: "Whether requests can be served",
    responses: { 200: json(ReadinessView, "They can."), 503: refused },
  });
}

export const readHealth = health("/healthz", "readHealth");
export const readReadiness = readiness("/readyz", "readReadiness");

/** The same for callers that reach nothing but the API. */
export const readApiHealth = health("/api/v1/healthz", "readApiHealth");
export const readApiReadiness = readiness("/api/v1/readyz", "readApiReadiness");
