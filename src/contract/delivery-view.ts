import { z } from "@hono/zod-openapi";

import { DELIVERY_STATUSES, type DeliveryState } from "../core/workflow/delivery-state.ts";
import { byOrdinal, newestDelivery, openStep, type WorkflowState } from "../core/workflow/state.ts";
import { deliveryStep } from "../core/workflow/step-ids.ts";

const DeliveryDocumentView = z
  .object({
    name: z.string(),
    media_type: z.string(),
    hash: z.string().describe("SHA-256 of the content, in lower-case hex."),
    size: z.int().describe("Bytes."),
    url: z.string().describe("Where the document is, on this server."),
  })
  .openapi("DeliveryDocument");

export const DeliveryView = z
  .object({
    id: z.string(),
    status: z
      .enum(DELIVERY_STATUSES)
      .describe(
        "pending: to be made, or to be tried again. delivering: under way. failed: a person has to mend something and deliver again.",
      ),
    action: z.string(),
    config: z.record(z.string(), z.unknown()).describe("Secrets in it are references: secret://NAME."),
    requested_by: z.enum(["workflow", "person"]),
    tree_hash: z.string().nullable().describe("Of the files that are handed over."),
    attempts: z.int(),
    next_attempt_at: z.string().nullable().describe("When it is tried again by itself."),
    links: z.array(z.string()).describe("Where the result is; those that begin with / are on this server."),
    metadata: z.array(z.object({ name: z.string(), value: z.string() })),
    documents: z.array(DeliveryDocumentView),
    message: z.string().nullable().describe("Why it failed or was skipped, or what the last attempt met."),
    requested_at: z.string().nullable(),
    settled_at: z.string().nullable(),
  })
  .openapi("Delivery");
export type DeliveryView = z.infer<typeof DeliveryView>;

const DeliveryRequestBody = z
  .strictObject({
    action: z.string().min(1).max(64).describe("GET /api/v1/delivery-actions lists them."),
    config: z
      .record(z.string(), z.json().openapi("Json"))
      .default({})
      .describe("As the action wants it; secrets only as secret://NAME."),
  })
  .nullish()
  .describe("Null repeats what was asked for before.");

export const DeliverBody = z.strictObject({ delivery: DeliveryRequestBody }).openapi("Deliver");
/** As a client writes it. */
export type DeliverRequest = z.input<typeof DeliverBody>;

export const SkipDeliveryBody = z
  .strictObject({
    reason: z
      .string()
      .trim()
      .min(1, "say why it is not delivered; the reason is empty")
      .max(20_000)
      .describe("Why nothing is handed over; it stays with the workflow."),
  })
  .openapi("SkipDelivery");

export const DeliveryPreviewView = z
  .object({
    action: z.string(),
    target: z.string().describe("Where it would go."),
    effects: z.array(z.string()).describe("What would happen there, a line each."),
    files: z.int().describe("How many files would be handed over."),
  })
  .openapi("DeliveryPreview");
export type DeliveryPreviewView = z.infer<typeof DeliveryPreviewView>;

export const DeliveryActionView = z
  .object({
    name: z.string(),
    description: z.string(),
    outward: z
      .boolean()
      .describe(
        "Something leaves the installation: a person approves it first, unless the scope says otherwise.",
      ),
    allowed: z.boolean().describe("Whether workflow.delivery_actions lets workflows use it."),
    config: z.record(z.string(), z.unknown()).describe("JSON Schema of its configuration."),
  })
  .openapi("DeliveryAction");
export type DeliveryActionView = z.infer<typeof DeliveryActionView>;

/** Oldest first. */
export function toDeliveryViews(state: WorkflowState): DeliveryView[] {
  return byOrdinal(state.deliveries.values()).map((delivery) => toDeliveryView(state, delivery));
}

export function newestDeliveryView(state: WorkflowState): DeliveryView | null {
  const delivery = newestDelivery(state);
  return delivery && toDeliveryView(state, delivery);
}

function toDeliveryView(
  state: WorkflowState,
  { ordinal: _ordinal, documents, links, metadata, ...delivery }: DeliveryState,
): DeliveryView {
  const place = `/api/v1/workflows/${state.head.id}/deliveries/${delivery.id}/documents`;
  return {
    ...delivery,
    next_attempt_at: delivery.status === "pending" ? nextAttempt(state) : null,
    links: [...links],
    metadata: [...metadata],
    documents: documents.map((document) => ({
      ...document,
      url: `${place}/${encodeURIComponent(document.name)}`,
    })),
  };
}

function nextAttempt(state: WorkflowState): string | null {
  return openStep(state, deliveryStep(state.head))?.available_at ?? null;
}
