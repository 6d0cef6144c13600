import type { OpenAPIHono } from "@hono/zod-openapi";

import type { CreateWorkflowInput } from "../../engine/engine.ts";
import type { GithubDelivery, HookOutcome, HookStart } from "../../hooks/github/github-hooks.ts";
import { hookBodies } from "../hook-body.ts";
import { HttpError } from "../http-error.ts";
import { refuseNewWork } from "../refuse-new-work.ts";
import type { Context, ServerEnv } from "../server-env.ts";
import type { ServerParts } from "../server-parts.ts";

const JSON_TYPE = /^application\/json\s*(;|$)/i;
const EVENT = /^[a-z][a-z_]{0,63}$/;
const DELIVERY_ID = /^[0-9a-fA-F][0-9a-fA-F-]{6,99}$/;
const SIGNATURE = /^sha256=[0-9a-f]{64}$/;

type Parts = Pick<ServerParts, "engine" | "githubHooks" | "shutdown">;

/** What GitHub sends. Its signature stands for the credential, so there is neither a principal nor a tenant header. */
export function hookRoutes(app: OpenAPIHono<ServerEnv>, parts: Parts): void {
  const { engine, githubHooks: hooks } = parts;
  if (hooks === null) return;
  const readBody = hookBodies();

  app.post("/hooks/github", refuseNewWork(parts), async (c) => {
    const headers = readHeaders(c);
    const outcome = await hooks.receive({ ...headers, body: await readBody(c) });
    tell(c, headers, outcome);
    switch (outcome.kind) {
      case "refused":
        throw refused();
      case "out_of_time":
        throw new HttpError(
          "hook_out_of_time",
          `The event is of ${outcome.at}, which is no time to act on now.`,
        );
      case "repeated":
        throw new HttpError("hook_repeated", "This name or this body was received before, with another.");
      case "pong":
        return c.json({ status: "pong" }, 200);
      case "ignored":
        return c.json({ status: "ignored", reason: outcome.reason }, 202);
      case "known":
        return c.json({ status: "started", workflow_id: outcome.workflow_id }, 200);
      case "start": {
        const { tenant_id, actor, workflow_id } = outcome.start;
        await engine.create({ tenant_id, actor }, inputOf(outcome.start), workflow_id);
        await hooks.started(outcome.start);
        return c.json({ status: "started", workflow_id }, 201);
      }
    }
  });
}

function readHeaders(c: Context): Omit<GithubDelivery, "body"> {
  if (!JSON_TYPE.test(c.req.header("content-type") ?? ""))
    throw new HttpError(
      "unsupported_media_type",
      "Set the content type of the hook to application/json, at GitHub under its settings.",
    );
  const event = c.req.header("x-github-event") ?? "";
  const delivery_id = c.req.header("x-github-delivery") ?? "";
  if (!EVENT.test(event) || !DELIVERY_ID.test(delivery_id))
    throw new HttpError("malformed_request", "A hook needs one X-GitHub-Event and one X-GitHub-Delivery.");
  const signature = c.req.header("x-hub-signature-256") ?? "";
  if (!SIGNATURE.test(signature)) throw refused();
  return { event, delivery_id: delivery_id.toLowerCase(), signature };
}

function refused(): HttpError {
  return new HttpError(
    "hook_refused",
    "X-Hub-Signature-256 is missing, or not that of a hook which is configured for this repository.",
  );
}

/** What nobody asked for is left to the configuration, as for any request. */
function inputOf({ request }: HookStart): CreateWorkflowInput {
  return {
    ...request,
    mode: null,
    provider: null,
    model: null,
    max_qa_retries: null,
    budget: null,
    gates: null,
    tools: null,
  };
}

/** Only of what was signed; the line of the request tells of all others. */
function tell(c: Context, { event, delivery_id }: Omit<GithubDelivery, "body">, outcome: HookOutcome): void {
  const { kind } = outcome;
  if (kind === "refused" || kind === "pong") return;
  const about = kind === "ignored" ? { reason: outcome.reason } : {};
  const started =
    kind === "start" ? { workflow_id: outcome.start.workflow_id, actor: outcome.start.actor } : {};
  const level = kind === "repeated" || kind === "out_of_time" ? "warn" : "info";
  c.get("log")[level]({ event, delivery_id, outcome: kind, ...about, ...started }, "hook received");
}
