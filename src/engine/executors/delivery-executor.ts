import type { StepFailure } from "../../core/workflow/commands.ts";
import type { Blob } from "../../core/workflow/commit.ts";
import { deliveryChoice } from "../../core/workflow/decide/delivery-choice.ts";
import type { DeliveryDocument, DeliveryRequest } from "../../core/workflow/delivery-state.ts";
import { type WorkflowState } from "../../core/workflow/state.ts";
import { deliveryOfStep } from "../../core/workflow/step-ids.ts";
import {
  type DeliveredDocument,
  type DeliveryAction,
  DeliveryError,
  type DeliveryReceipt,
} from "../../ports/delivery-action.ts";
import { readDeliverable } from "../deliverable.ts";
import {
  type DeliverySecrets,
  openDelivery,
  type OpenedDelivery,
  redactedError,
  redactedValue,
} from "../delivery-context.ts";
import { failpoint } from "../failpoint.ts";
import { blobOf, treeHash } from "../hash.ts";
import { journaledToolCall, type Tool } from "../journaled-tool-call.ts";
import type { StepContext, StepExecutor, StepOutcome } from "../step-executor.ts";

export type DeliveryExecutorParts = {
  readonly actions: ReadonlyMap<string, DeliveryAction>;
  readonly secrets: DeliverySecrets;
};

/** Hands the validated tree over by the action that was asked for. */
export function createDeliveryExecutor({ actions, secrets }: DeliveryExecutorParts): StepExecutor {
  return async (context) => {
    const asked = askedFor(context);
    const action = actions.get(asked.action);
    if (!action)
      return failed(`There is no delivery action ${asked.action} here; deliver by another: orca deliver.`);
    const config = action.config.safeParse(asked.config);
    if (!config.success)
      return failed(`The configuration of ${action.name} is not valid: ${config.error.message}`);
    const state = context.state();
    if (!isJudged(state))
      return failed("The files are not those that were judged; nothing was handed over. This is a defect.");
    const deliverable = await readDeliverable(state, context.storage);
    const delivery = openDelivery(secrets, action, {
      deliverable,
      config: config.data,
      signal: context.signal,
    });
    return deliver(context, delivery, { action, config: config.data });
  };
}

function askedFor({ step, state }: StepContext): DeliveryRequest {
  const asked = state().deliveries.get(deliveryOfStep(step.id));
  return asked === undefined || asked.requested_at === null ? deliveryChoice(state()) : asked;
}

/** What is handed over is what was judged last; workflows of earlier versions do not know what that was. */
function isJudged(state: WorkflowState): boolean {
  const judged = state.head.progress.trees.at(-1);
  return judged === undefined || judged === "" || judged === treeHash(state);
}

type Chosen = { readonly action: DeliveryAction; readonly config: unknown };

async function deliver(
  context: StepContext,
  { context: given, redacted, refuseSecrets }: OpenedDelivery,
  { action, config }: Chosen,
): Promise<StepOutcome> {
  const tool: Tool<DeliveryReceipt> = {
    name: `deliver:${action.name}`,
    semantics: action.semantics,
    run: async () => {
      if (action.outward) await refuseSecrets();
      failpoint("delivery.before");
      const receipt = await action.deliver(config, given).catch((error: unknown) => {
        throw context.signal.aborted ? error : redactedError(error, redacted);
      });
      failpoint("delivery.after");
      return redactedValue(receipt, redacted);
    },
    lookUp: async () => (await action.lookUp?.(config, given)) ?? null,
  };
  const input = { config, tree_hash: given.tree_hash };
  try {
    const called = await journaledToolCall(context, tool, { input, ordinal: 1, key: given.key });
    if (!called.ok) return called;
    const receipt = called.output ?? { action: action.name, links: [], metadata: SEEN_BY_A_PERSON };
    return settled(context, receipt);
  } catch (error) {
    if (error instanceof DeliveryError) return { ok: false, failure: failureOf(error, action) };
    throw error;
  }
}

const SEEN_BY_A_PERSON = [{ name: "confirmed_by", value: "person" }];

/** Documents are kept with the workflow and linked from its delivery. */
function settled({ step, state }: StepContext, receipt: DeliveryReceipt): StepOutcome {
  const place = `/api/v1/workflows/${state().head.id}/deliveries/${deliveryOfStep(step.id)}/documents`;
  const kept = (receipt.documents ?? []).map(keptDocument);
  const { action, metadata } = receipt;
  const links = [...receipt.links, ...kept.map(({ document }) => `${place}/${document.name}`)];
  const documents = kept.map(({ document }) => document);
  return {
    ok: true,
    result: { kind: "delivery", receipt: { action, links, metadata, documents } },
    blobs: kept.map(({ blob }) => blob),
  };
}

function keptDocument({ name, media_type, content }: DeliveredDocument): {
  readonly document: DeliveryDocument;
  readonly blob: Blob;
} {
  const blob = blobOf(content);
  return { blob, document: { name, media_type, hash: blob.hash, size: Buffer.byteLength(content) } };
}

function failureOf(
  { message, temporary, retry_after_ms, outcome_unknown }: DeliveryError,
  { semantics }: DeliveryAction,
): StepFailure {
  const code = (): string => {
    if (outcome_unknown && semantics === "ask") return "outcome_unknown";
    return temporary || outcome_unknown ? "delivery_unavailable" : "delivery_failed";
  };
  return { code: code(), message, retry_after_ms };
}

function failed(message: string): StepOutcome {
  return { ok: false, failure: { code: "delivery_failed", message, retry_after_ms: null } };
}
