import type { z } from "zod";

import type { AcceptanceCriterion, ArtifactKind } from "../core/documents.ts";
import type { Mode } from "../core/role-name.ts";
import type { ToolSemantics } from "../core/tool-semantics.ts";
import type { DeliveryState } from "../core/workflow/delivery-state.ts";
import type { WorkVerdict } from "../core/workflow/progress.ts";
import type { CriterionState, FindingState, ReceiptState } from "../core/workflow/state.ts";

export type DeliveredArtifact = {
  readonly id: string;
  readonly path: string;
  readonly kind: ArtifactKind;
  readonly description: string;
  readonly hash: string;
  readonly content: string;
  /** False for a file that the workflow began with and left as it was. */
  readonly changed: boolean;
};

/** A must or should of the contract, and how it ended. */
export type ReportedCriterion = Pick<AcceptanceCriterion, "id" | "text" | "level"> &
  Pick<CriterionState, "evidence" | "receipt"> & { readonly verdict: CriterionState["verdict"] | "waived" };

/** What is known of the delivered tree: the facts behind `verdict`. */
export type DeliveryReport = {
  readonly verdict: WorkVerdict | null;
  readonly criteria: readonly ReportedCriterion[];
  /** Of the last cycle. */
  readonly receipts: readonly ReceiptState[];
  /** Those that stay open or were waived. */
  readonly findings: readonly FindingState[];
};

export type DeliveryContext = {
  readonly tenant_id: string;
  readonly workflow_id: string;
  readonly title: string;
  readonly request: string;
  readonly mode: Mode | null;
  readonly summary: string;
  readonly delivery_notes: string;
  /** The validated tree: the newest revision of every path, and nothing else. */
  readonly artifacts: readonly DeliveredArtifact[];
  /** Paths that the workflow began with and has deleted. */
  readonly deleted: readonly string[];
  /** The repository that the workflow began with; null when it began with nothing. */
  readonly imported: {
    readonly repo: string;
    /** Directory of the repository that became the root of the tree; null for its own root. */
    readonly path: string | null;
    readonly commit: string;
  } | null;
  readonly tree_hash: string;
  readonly report: DeliveryReport;
  /** When a delivery was first asked for, RFC 3339 in UTC: the same for every attempt and every delivery. */
  readonly at: string;
  /** `workflow/action/tree-hash`: the same for every attempt, and for a delivery of the same tree that is asked for again. */
  readonly key: string;
  /** The value behind a `secret://NAME`. Rejects with a DeliveryError that says where it was looked for. */
  readonly secret: (reference: string) => Promise<string>;
  readonly signal: AbortSignal;
};

/** What there is to hand over, wherever it goes. */
export type Deliverable = Omit<DeliveryContext, "secret" | "signal" | "key">;

/** A text that an action has made, kept with the workflow and served under the delivery. */
export type DeliveredDocument = {
  /** A file name without directories, such as `draft.md`. */
  readonly name: string;
  readonly media_type: string;
  readonly content: string;
};

export type DeliveryReceipt = Pick<DeliveryState, "action" | "links" | "metadata"> & {
  readonly documents?: readonly DeliveredDocument[];
};

/** What a delivery would do, without doing it. */
export type DeliveryPreview = {
  /** Where it would go, for people: `github.com/acme/site, branch orca/landing-page-4f2a91c0`. */
  readonly target: string;
  /** What would happen there, a line each. */
  readonly effects: readonly string[];
};

/** One way of handing the artifacts over. Delivering the same tree twice must leave the same result as once. */
export interface DeliveryAction<Config = unknown> {
  readonly name: string;
  /** One sentence for whoever chooses. */
  readonly description: string;
  /** True when something leaves the installation: a person has to approve unless the scope says otherwise. */
  readonly outward: boolean;
  /**
   * What is done when nobody heard how a delivery ended. An action that looks before it repeats each of its effects is
   * `keyed`; one that can't look is `ask`.
   */
  readonly semantics: ToolSemantics;
  /**
   * Checked when the workflow is created, so that a wrong configuration is refused before any model call. Strict; tokens
   * and passwords are a `SecretReference`.
   */
  readonly config: z.ZodType<Config>;
  /**
   * Whether the files that the workflow began with and left alone go back to where they came from: nothing of them is
   * told to anybody then. False when it is missing.
   */
  returnsTo?(config: Config, origin: NonNullable<DeliveryContext["imported"]>): boolean;
  /** Rejects with a DeliveryError. */
  deliver(config: Config, context: DeliveryContext): Promise<DeliveryReceipt>;
  /** Changes nothing outside; may look. Rejects with a DeliveryError. */
  preview(config: Config, context: DeliveryContext): Promise<DeliveryPreview>;
  /** The receipt of a delivery that has happened under this key, else null; needed when `semantics` is `reconcile`. */
  lookUp?(config: Config, context: DeliveryContext): Promise<DeliveryReceipt | null>;
}

export type DeliveryFailure = {
  /** Something that passes by itself, such as a host that is away: it is tried again, for about a day. */
  readonly temporary?: boolean;
  /** What the other side asked for, in milliseconds. */
  readonly retry_after_ms?: number | null;
  /** It may have happened all the same. */
  readonly outcome_unknown?: boolean;
};

/** The hand-over failed; the work itself is kept. `message` says what to mend, and holds no secret. */
export class DeliveryError extends Error {
  override readonly name = "DeliveryError";
  readonly temporary: boolean;
  readonly retry_after_ms: number | null;
  readonly outcome_unknown: boolean;

  constructor(message: string, options: ErrorOptions & DeliveryFailure = {}) {
    super(message, options);
    this.temporary = options.temporary ?? false;
    this.retry_after_ms = options.retry_after_ms ?? null;
    this.outcome_unknown = options.outcome_unknown ?? false;
  }
}
