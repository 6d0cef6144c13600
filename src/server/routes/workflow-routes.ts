import type { OpenAPIHono } from "@hono/zod-openapi";

import * as contract from "../../contract/routes.ts";
import { toFindingViews, toWorkflowView } from "../../contract/to-workflow-view.ts";
import type { CreateWorkflowBody, ResumeWorkflowBody } from "../../contract/workflow-request.ts";
import { toWorkflowSummary } from "../../contract/workflow-summary.ts";
import type { CreateWorkflowInput, ResumeInput } from "../../engine/engine.ts";
import type { ListWorkflows } from "../../ports/storage.ts";
import { decodeCursor, encodeCursor } from "../cursor.ts";
import { workflowIdOf } from "../idempotency.ts";
import { linkNext, pageOf } from "../page.ts";
import type { ServerEnv } from "../server-env.ts";
import type { ServerParts } from "../server-parts.ts";
import { workflowId, WorkflowPosition } from "../workflow-id.ts";

export function workflowRoutes(app: OpenAPIHono<ServerEnv>, { engine }: Pick<ServerParts, "engine">): void {
  app.openapi(contract.createWorkflow, async (c) => {
    const keyed = c.get("keyed_request");
    const input = createInput(c.req.valid("json"), c.get("scope_id"));
    const state = await engine.create(
      c.get("principal"),
      input,
      ...(keyed === null ? [] : [workflowIdOf(keyed)]),
    );
    return c.json(toWorkflowView(state), 201, { location: `/api/v1/workflows/${state.head.id}` });
  });

  app.openapi(contract.listWorkflows, async (c) => {
    const { limit, cursor, status } = c.req.valid("query");
    const after: ListWorkflows["after"] =
      cursor === undefined ? null : decodeCursor(cursor, WorkflowPosition);
    const heads = await c.get("storage").listWorkflows({ limit: limit + 1, after, statuses: status ?? null });
    const last = heads.length > limit ? heads[limit - 1] : undefined;
    const next_cursor =
      last === undefined ? null : encodeCursor({ created_at: last.created_at, id: last.id });
    linkNext(c, next_cursor);
    return c.json({ data: heads.slice(0, limit).map(toWorkflowSummary), next_cursor }, 200);
  });

  app.openapi(contract.readWorkflow, async (c) => {
    const state = await engine.load(c.get("principal"), workflowId(c.req.valid("param").id));
    return c.json(toWorkflowView(state, new Date().toISOString()), 200);
  });

  app.openapi(contract.listFindings, async (c) => {
    const state = await engine.load(c.get("principal"), workflowId(c.req.valid("param").id));
    const page = pageOf(toFindingViews(state), c.req.valid("query"));
    linkNext(c, page.next_cursor);
    return c.json(page, 200);
  });
}

/** The requests that steer a workflow, apart from those that read. */
export function steeringRoutes(app: OpenAPIHono<ServerEnv>, { engine }: Pick<ServerParts, "engine">): void {
  app.openapi(contract.pauseWorkflow, async (c) => {
    const state = await engine.pause(c.get("principal"), workflowId(c.req.valid("param").id));
    return c.json(toWorkflowView(state), 200);
  });

  app.openapi(contract.resumeWorkflow, async (c) => {
    const id = workflowId(c.req.valid("param").id);
    const state = await engine.resume(c.get("principal"), id, resumeInput(c.req.valid("json")));
    return c.json(toWorkflowView(state), 200);
  });

  app.openapi(contract.cancelWorkflow, async (c) => {
    const state = await engine.cancel(c.get("principal"), workflowId(c.req.valid("param").id));
    return c.json(toWorkflowView(state), 200);
  });
}

function createInput(body: CreateWorkflowBody, scopeId: string | null): CreateWorkflowInput {
  const { workspace } = body;
  return {
    request: body.request,
    title: body.title ?? null,
    mode: body.mode ?? null,
    provider: body.provider ?? null,
    model: body.model ?? null,
    max_qa_retries: body.max_qa_retries ?? null,
    budget: body.budget ?? null,
    delivery: body.delivery ?? null,
    workspace: workspace
      ? { repo: workspace.repo, ref: workspace.ref ?? null, path: workspace.path ?? null }
      : null,
    gates: body.gates ?? null,
    tools: body.tools ?? null,
    scope_id: scopeId,
  };
}

/** A named model or provider replaces the pin as a whole. */
function resumeInput(body: ResumeWorkflowBody): ResumeInput {
  const { max_qa_retries = null, budget = null, outcome = null, provider = null, model = null } = body;
  return {
    max_qa_retries,
    budget,
    outcome,
    pinned: provider === null && model === null ? null : { provider, model },
  };
}
