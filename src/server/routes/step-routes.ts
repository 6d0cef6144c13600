import type { OpenAPIHono } from "@hono/zod-openapi";

import { toModelCallView } from "../../contract/model-call-view.ts";
import * as contract from "../../contract/step-routes.ts";
import { toStepDetail, toStepView } from "../../contract/step-view.ts";
import type { StepRow } from "../../core/workflow/commit.ts";
import type { WorkflowEvent } from "../../core/workflow/events.ts";
import type { TenantStorage } from "../../ports/storage.ts";
import { HttpError } from "../http-error.ts";
import { maySeeBodies } from "../may-see-bodies.ts";
import { linkNext, pageOf } from "../page.ts";
import type { ServerEnv } from "../server-env.ts";
import { loadHead } from "../workflow-id.ts";

const EVENTS_AT_ONCE = 1_000;

type StepName = { readonly id: string; readonly step_id: string };

export function stepRoutes(app: OpenAPIHono<ServerEnv>): void {
  app.openapi(contract.listSteps, async (c) => {
    const storage = c.get("storage");
    const { id } = await loadHead(storage, c.req.valid("param").id);
    const page = pageOf((await storage.listSteps(id)).map(toStepView), c.req.valid("query"));
    linkNext(c, page.next_cursor);
    return c.json(page, 200);
  });

  app.openapi(contract.readStep, async (c) => {
    const storage = c.get("storage");
    const name = c.req.valid("param");
    const step = await findStep(storage, name);
    const [events, calls] = await Promise.all([
      eventsOfStep(storage, name),
      storage.listModelCalls(name.id, name.step_id),
    ]);
    return c.json(toStepDetail(step, { events, calls }), 200);
  });

  app.openapi(contract.listModelCalls, async (c) => {
    const name = c.req.valid("param");
    await findStep(c.get("storage"), name);
    const calls = await callsOf(c.get("storage"), name);
    const page = pageOf(
      calls.map((call) => toModelCallView(name.id, call)),
      c.req.valid("query"),
    );
    linkNext(c, page.next_cursor);
    return c.json(page, 200);
  });

  app.openapi(contract.readModelCall, async (c) => {
    const storage = c.get("storage");
    const { attempt, ordinal, ...name } = c.req.valid("param");
    await findStep(storage, name);
    const calls = await callsOf(storage, name);
    const call = calls.find((each) => each.attempt === attempt && each.ordinal === ordinal);
    if (call === undefined) {
      const advice = `Step ${name.step_id} has no model call ${attempt}/${ordinal}; list its model calls.`;
      throw new HttpError("model_call_not_found", advice);
    }
    const view = toModelCallView(name.id, call);
    if (!maySeeBodies(c.get("principal"))) {
      return c.json({ ...view, bodies: "withheld" as const, prompt: null, response: null }, 200);
    }
    const { prompt_hash, response_hash } = call;
    const bodies = await storage.readBlobs([prompt_hash, ...(response_hash === null ? [] : [response_hash])]);
    const prompt = bodies.get(prompt_hash) ?? null;
    const response = (response_hash !== null && bodies.get(response_hash)) || null;
    return c.json({ ...view, bodies: "shown" as const, prompt, response }, 200);
  });
}

async function findStep(storage: TenantStorage, { id, step_id }: StepName): Promise<StepRow> {
  const head = await loadHead(storage, id);
  const step = (await storage.listSteps(head.id)).find((each) => each.id === step_id);
  if (step === undefined) {
    throw new HttpError("step_not_found", "This workflow has no step with this id; list its steps.");
  }
  return step;
}

async function callsOf(storage: TenantStorage, { id, step_id }: StepName) {
  const calls = await storage.listModelCalls(id, step_id);
  return calls.toSorted((left, right) => left.attempt - right.attempt || left.ordinal - right.ordinal);
}

/** Goes through the journal by pages, so that only the step's own events are kept. */
async function eventsOfStep(storage: TenantStorage, { id, step_id }: StepName): Promise<WorkflowEvent[]> {
  const found: WorkflowEvent[] = [];
  for (let after = 0; ;) {
    const page = await storage.readEvents(id, { after, limit: EVENTS_AT_ONCE });
    found.push(...page.filter((event) => event.step_id === step_id));
    const last = page.at(-1);
    if (last === undefined || page.length < EVENTS_AT_ONCE) return found;
    after = last.seq;
  }
}
