import type { OpenAPIHono } from "@hono/zod-openapi";

import type { RespondBody } from "../../contract/approval-request.ts";
import * as contract from "../../contract/approval-routes.ts";
import { type ApprovalView, openApproval, toApprovalView } from "../../contract/approval-view.ts";
import { toWorkflowView } from "../../contract/to-workflow-view.ts";
import { OrcaError } from "../../core/orca-error.ts";
import type { Engine, Principal, RespondInput } from "../../engine/engine.ts";
import type { TenantStorage } from "../../ports/storage.ts";
import { decodeCursor, encodeCursor } from "../cursor.ts";
import { linkNext } from "../page.ts";
import type { ServerEnv } from "../server-env.ts";
import type { ServerParts } from "../server-parts.ts";
import { workflowId, WorkflowPosition } from "../workflow-id.ts";

/** The questions to people and their answers. */
export function approvalRoutes(app: OpenAPIHono<ServerEnv>, { engine }: Pick<ServerParts, "engine">): void {
  app.openapi(contract.listApprovals, async (c) => {
    const { limit, cursor } = c.req.valid("query");
    const after = cursor === undefined ? null : decodeCursor(cursor, WorkflowPosition);
    const page = await approvalsAfter(
      { engine, storage: c.get("storage"), principal: c.get("principal") },
      { limit, after },
    );
    linkNext(c, page.next_cursor);
    return c.json(page, 200);
  });

  app.openapi(contract.readApproval, async (c) => {
    const { workflow, approval: id } = partsOf(c.req.valid("param").approval_id);
    const state = await engine.load(c.get("principal"), workflow).catch(asUnknownApproval);
    const approval = state.approvals.get(id);
    if (approval === undefined) throw unknownApproval();
    const shown = engine.approvalOf(state);
    const isOpen = shown?.approval.id === id;
    return c.json(
      {
        ...toApprovalView(state, approval),
        shown: isOpen ? shown.shown : null,
        subject: isOpen ? shown.subject : null,
        changes: isOpen ? shown.changes && [...shown.changes] : null,
        diff_url:
          isOpen && shown.compare_with !== null
            ? `/api/v1/workflows/${state.head.id}/diff?from=${shown.compare_with}&to=latest`
            : null,
      },
      200,
    );
  });

  app.openapi(contract.respond, async (c) => {
    const { workflow, approval } = partsOf(c.req.valid("param").approval_id);
    const input = respondInput(c.req.valid("json"));
    const state = await engine
      .respond(c.get("principal"), workflow, approval, input)
      .catch(asUnknownApproval);
    return c.json(toWorkflowView(state), 200);
  });

  app.openapi(contract.waiveCriterion, async (c) => {
    const { id, criterion_id } = c.req.valid("param");
    const { reason } = c.req.valid("json");
    const input = { what: "criterion", id: criterion_id, reason } as const;
    return c.json(toWorkflowView(await engine.waive(c.get("principal"), workflowId(id), input)), 200);
  });

  app.openapi(contract.waiveFinding, async (c) => {
    const { id, finding_id } = c.req.valid("param");
    const { reason } = c.req.valid("json");
    const input = { what: "finding", id: finding_id, reason } as const;
    return c.json(toWorkflowView(await engine.waive(c.get("principal"), workflowId(id), input)), 200);
  });
}

type Caller = { readonly engine: Engine; readonly storage: TenantStorage; readonly principal: Principal };
type From = { readonly limit: number; readonly after: WorkflowPosition | null };

/** Workflows also wait at gates that ask for no approval: the store is read on until the page is full. */
async function approvalsAfter(
  { engine, storage, principal }: Caller,
  { limit, after }: From,
): Promise<{ data: ApprovalView[]; next_cursor: string | null }> {
  const data: ApprovalView[] = [];
  for (let from = after; ;) {
    const heads = await storage.listWorkflows({
      limit: limit + 1,
      after: from,
      statuses: ["awaiting_approval"],
    });
    for (const { id, created_at, approval } of heads) {
      if (data.length === limit) return { data, next_cursor: encodeCursor(from) };
      from = { created_at, id };
      // Among many nodes it may have been answered or deleted meanwhile.
      const open = approval ? openApproval(await engine.load(principal, id)) : null;
      if (open !== null) data.push(open);
    }
    if (heads.length <= limit) return { data, next_cursor: null };
  }
}

/** The parts of `<workflow id>:<approval>`. What cannot be one is answered like an unknown one. */
function partsOf(given: string): { readonly workflow: string; readonly approval: string } {
  const [, workflow, approval] = /^([A-Za-z0-9_-]{1,64}):([A-Za-z0-9]{1,32})$/.exec(given) ?? [];
  if (workflow === undefined || approval === undefined) throw unknownApproval();
  return { workflow, approval };
}

/** Whether it is the workflow or the approval that does not exist is nobody's business. */
function asUnknownApproval(error: unknown): never {
  const unknown =
    error instanceof OrcaError && ["workflow_not_found", "approval_not_found"].includes(error.code);
  throw unknown ? unknownApproval() : error;
}

function unknownApproval(): OrcaError {
  return new OrcaError("approval_not_found", "There is no such approval; list the open ones.");
}

function respondInput({ verb, shown, note, criteria, tasks }: RespondBody): RespondInput {
  return { verb, shown, note: note ?? null, criteria: criteria ?? null, tasks: tasks ?? null };
}
