import { DEFAULT_DELIVERY_ACTION, deliveryChoice } from "../../core/workflow/decide/delivery-choice.ts";
import { type DeliveryRequest, documentOf, treeOf } from "../../core/workflow/state.ts";
import { type DeliveryAction, DeliveryError, type DeliveryReceipt } from "../../ports/delivery-action.ts";
import { failpoint } from "../failpoint.ts";
import { journaledToolCall, type Tool } from "../journaled-tool-call.ts";
import type { StepContext, StepExecutor, StepOutcome } from "../step-executor.ts";

export type DeliveryExecutorParts = {
  readonly actions: ReadonlyMap<string, DeliveryAction>;
  /** Actions that a Director may choose: those that need no configuration. */
  readonly freeActions: readonly string[];
};

/** Hands the newest artifacts over by the chosen action. */
export function createDeliveryExecutor({ actions, freeActions }: DeliveryExecutorParts): StepExecutor {
  return async (context) => {
    const choice = permittedChoice(context, freeActions);
    const action = actions.get(choice.action);
    if (!action) return failed(`There is no delivery action ${choice.action}.`);
    const config = action.config.safeParse(choice.config);
    if (!config.success)
      return failed(`The configuration of ${action.name} is not valid: ${config.error.message}`);
    return deliver(context, action, config.data);
  };
}

/** A caller's choice stands; a Director's that it may not make gives way to the default, and the journal says so. */
function permittedChoice(context: StepContext, freeActions: readonly string[]): DeliveryRequest {
  const state = context.state();
  const choice = deliveryChoice(state);
  if (state.settings.delivery !== null || freeActions.includes(choice.action)) return choice;
  const problem = `the Director can't choose the delivery action ${choice.action}; ${DEFAULT_DELIVERY_ACTION} is used`;
  const payload = { role: "director" as const, fields: ["finalizer_action"], problem };
  context.record([{ type: "contract.violated", payload }]);
  return { action: DEFAULT_DELIVERY_ACTION, config: {} };
}

async function deliver(context: StepContext, action: DeliveryAction, config: unknown): Promise<StepOutcome> {
  const state = context.state();
  const newest = treeOf(state);
  const contents = await context.storage.readBlobs(newest.map((artifact) => artifact.hash));
  const artifacts = newest.map(({ id, path, kind, description, hash }) => {
    const content = contents.get(hash);
    if (content === undefined) throw new Error(`the content of artifact ${id} is not stored`);
    return { id, path, kind, description, hash, content };
  });
  const { id, title } = state.head;
  const summary = documentOf(state, "finalization")?.summary ?? "";
  const given = (key: string) => ({
    workflow_id: id,
    title,
    summary,
    artifacts,
    key,
    signal: context.signal,
  });
  const tool: Tool<DeliveryReceipt> = {
    name: `deliver:${action.name}`,
    semantics: action.semantics,
    run: async (key) => {
      failpoint("delivery.before");
      const receipt = await action.deliver(config, given(key));
      failpoint("delivery.after");
      return receipt;
    },
    lookUp: async (key) => (await action.lookUp?.(config, given(key))) ?? null,
  };
  const input = { config, artifacts: newest.map(({ path, hash }) => ({ path, hash })) };
  try {
    const called = await journaledToolCall(context, tool, { input, ordinal: 1 });
    if (!called.ok) return called;
    const receipt = called.output ?? { action: action.name, links: [], metadata: SEEN_BY_A_PERSON };
    return { ok: true, result: { kind: "delivery", receipt }, blobs: [] };
  } catch (error) {
    if (error instanceof DeliveryError) return failed(error.message);
    throw error;
  }
}

const SEEN_BY_A_PERSON = [{ name: "confirmed_by", value: "person" }];

function failed(message: string): StepOutcome {
  return { ok: false, failure: { code: "delivery_failed", message, retry_after_ms: null } };
}
