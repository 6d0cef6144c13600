import { z } from "zod";

/** What is to be handed over how; `config` is as the action wants it. */
export const DeliveryRequest = z.object({ action: z.string(), config: z.record(z.string(), z.json()) });
export type DeliveryRequest = z.infer<typeof DeliveryRequest>;

export const DELIVERY_STATUSES = ["pending", "delivering", "delivered", "failed", "skipped"] as const;

/** A text that a delivery has made, by SHA-256; size in bytes. */
export const DeliveryDocument = z.object({
  name: z.string(),
  media_type: z.string(),
  hash: z.string(),
  size: z.number().int(),
});
export type DeliveryDocument = z.infer<typeof DeliveryDocument>;

/** One hand-over of the tree. What is null or 0 is not known of those that an earlier version has made. */
export type DeliveryState = {
  readonly id: string;
  readonly ordinal: number;
  readonly status: (typeof DELIVERY_STATUSES)[number];
  readonly action: string;
  /** Secrets in it are references. */
  readonly config: DeliveryRequest["config"];
  readonly requested_by: "workflow" | "person";
  readonly tree_hash: string | null;
  readonly attempts: number;
  readonly links: readonly string[];
  readonly metadata: readonly { readonly name: string; readonly value: string }[];
  readonly documents: readonly DeliveryDocument[];
  /** Why it failed or was skipped, or what the last attempt met. */
  readonly message: string | null;
  readonly requested_at: string | null;
  readonly settled_at: string | null;
};
