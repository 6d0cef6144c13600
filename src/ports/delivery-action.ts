import type { z } from "zod";

import type { ArtifactKind } from "../core/documents.ts";
import type { ToolSemantics } from "../core/tool-semantics.ts";
import type { DeliveryState } from "../core/workflow/state.ts";

export type DeliveredArtifact = {
  readonly id: string;
  readonly path: string;
  readonly kind: ArtifactKind;
  readonly description: string;
  readonly hash: string;
  readonly content: string;
};

export type DeliveryContext = {
  readonly workflow_id: string;
  readonly title: string;
  readonly summary: string;
  /** The newest revision of every path, and nothing else. */
  readonly artifacts: readonly DeliveredArtifact[];
  /** The same for every attempt at this delivery. */
  readonly key: string;
  readonly signal: AbortSignal;
};

export type DeliveryReceipt = Pick<DeliveryState, "action" | "links" | "metadata">;

/** One way of handing the artifacts over. Delivering the same workflow twice must leave the same result as once. */
export interface DeliveryAction<Config = unknown> {
  readonly name: string;
  /** What is done when nobody heard how a delivery ended. */
  readonly semantics: ToolSemantics;
  /** Checked when the workflow is created, so that a wrong configuration is refused before any model call. */
  readonly config: z.ZodType<Config>;
  /** Rejects with a DeliveryError. */
  deliver(config: Config, context: DeliveryContext): Promise<DeliveryReceipt>;
  /** The receipt of a delivery that has happened under this key, else null; needed when `semantics` is `reconcile`. */
  lookUp?(config: Config, context: DeliveryContext): Promise<DeliveryReceipt | null>;
}

/** The hand-over failed; the work itself is kept. `message` says what to mend. */
export class DeliveryError extends Error {
  override readonly name = "DeliveryError";
}
