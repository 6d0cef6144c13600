import { OrcaError } from "../core/orca-error.ts";
import { ROLE_NAMES, type RoleName } from "../core/role-name.ts";
import type { Gate, WorkflowConfig } from "../core/workflow-config.ts";
import type { Blob } from "../core/workflow/commit.ts";
import { decideCreation } from "../core/workflow/decide.ts";
import type { WorkflowEvent } from "../core/workflow/events.ts";
import type { WorkflowSettings, WorkspaceRequest } from "../core/workflow/state.ts";
import type { Clock } from "../ports/clock.ts";
import type { DeliveryAction } from "../ports/delivery-action.ts";
import type { EffectiveConfig } from "../ports/effective-config.ts";
import type { Role } from "../ports/role.ts";
import type { Repositories } from "../ports/workspace.ts";
import { checkDelivery } from "./check-delivery.ts";
import { refuseMissingSecrets } from "./check-secrets.ts";
import type { DeliverySecrets } from "./delivery-context.ts";
import type { CreateWorkflowInput, Principal } from "./engine.ts";
import { blobOf } from "./hash.ts";
import type { ModelRouter } from "./model-router.ts";

export type NewWorkflowParts = {
  readonly roles: Readonly<Record<RoleName, Role>>;
  readonly router: ModelRouter;
  readonly deliveryActions: ReadonlyMap<string, DeliveryAction>;
  readonly deliverySecrets: DeliverySecrets;
  readonly repositories: Pick<Repositories, "refusalOf">;
  readonly effectiveConfig: EffectiveConfig;
  readonly clock: Clock;
};

/** What the journal of a workflow begins with. */
export type FirstCommit = { readonly events: readonly WorkflowEvent[]; readonly blobs: readonly Blob[] };

/** Checks a request and pins what it runs under: prompts, configuration, model, budget. Rejects with an OrcaError. */
export async function newWorkflow(
  parts: NewWorkflowParts,
  principal: Principal,
  input: CreateWorkflowInput & { readonly id: string },
): Promise<{ readonly config: WorkflowConfig; readonly first: FirstCommit }> {
  const { effectiveConfig, router, roles, deliveryActions, clock } = parts;
  const { config, hash: config_hash } = effectiveConfig(input.scope_id);
  const pinned = { provider: input.provider, model: input.model };
  const { delivery_actions: allowed } = config;
  const asked = input.delivery ? checkDelivery(deliveryActions, input.delivery, allowed) : null;
  if (input.delivery)
    await refuseMissingSecrets(parts.deliverySecrets.resolver, principal.tenant_id, input.delivery);
  if (input.workspace) checkWorkspace(parts.repositories, input.workspace);
  await router.checkPin(pinned);
  const settings: WorkflowSettings = {
    request: input.request,
    given_title: input.title,
    given_mode: input.mode,
    pinned,
    budget: input.budget ?? config.budget,
    delivery: input.delivery,
    delivery_choices: [...deliveryActions.values()]
      .filter(({ name, config: needed }) => mayGoWithout(needed) && (allowed?.includes(name) ?? true))
      .map(({ name }) => name),
    gates: gatesOf(input, config, asked?.action.outward ?? false),
    workspace: input.workspace,
    tools: input.tools,
    stall_patience: config.stall_patience,
    approval_expires_s: config.approval_expires_s,
    prompts: ROLE_NAMES.map((role) => ({ role, hash: roles[role].prompt.hash })),
    config_hash,
  };
  const refusal = await router.refusalOf(pinned, config.default_model);
  const events = decideCreation({
    type: "workflow.create",
    at: clock.now().toISOString(),
    actor: principal.actor,
    id: input.id,
    tenant_id: principal.tenant_id,
    scope_id: input.scope_id,
    parent_id: null,
    settings,
    max_qa_retries: input.max_qa_retries ?? config.max_qa_retries,
    parked: refusal === null ? null : { reason: "no_model", message: refusal },
  });
  const blobs = [blobOf(JSON.stringify(config)), ...ROLE_NAMES.map((role) => promptBlob(roles[role]))];
  return { config, first: { events, blobs } };
}

function mayGoWithout(config: DeliveryAction["config"]): boolean {
  return config.safeParse({}).success;
}

/** Nothing leaves the installation unless a person has approved it, or the scope has once and for all. */
function gatesOf(
  { gates }: Pick<CreateWorkflowInput, "gates">,
  config: Pick<WorkflowConfig, "gates" | "outward_delivery">,
  outward: boolean,
): Gate[] {
  const wanted = new Set(gates ?? config.gates);
  if (outward && config.outward_delivery === "ask") wanted.add("delivery");
  return [...wanted];
}

function checkWorkspace(repositories: Pick<Repositories, "refusalOf">, workspace: WorkspaceRequest): void {
  const refusal = repositories.refusalOf(workspace);
  if (refusal === null) return;
  throw new OrcaError("invalid_workspace", refusal, [{ pointer: "/workspace/repo", detail: refusal }]);
}

function promptBlob(role: Role): Blob {
  return { hash: role.prompt.hash, content: role.prompt.text };
}
