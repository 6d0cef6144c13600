import type { DeliveryActionView, DeliveryPreviewView, DeliveryView } from "../contract/delivery-view.ts";
import type { WorkflowView } from "../contract/workflow-view.ts";
import type { CommandLine } from "./command-line.ts";
import type { ExitReason } from "./exit-code.ts";
import { oneLine, plural } from "./progress/wording.ts";

/** What people can do about a delivery that has failed; a workflow that is over needs no other. */
export function deliveryAdvice(
  { id, status }: Pick<WorkflowView, "id" | "status">,
  next: CommandLine,
): string[] {
  return [
    `mend it, then deliver again: ${next(`deliver ${id}`)}`,
    `or deliver elsewhere:        ${next(`deliver ${id} --action ACTION`)}`,
    ...(status === "completed" ? [] : [`or do without:               ${next(`deliver ${id} --skip "WHY"`)}`]),
  ];
}

/** What people can do about one that is tried again by itself. */
export function waitingAdvice(id: string, next: CommandLine): string[] {
  return [
    `it is tried again by itself; follow it: ${next(`workflows watch ${id}`)}`,
    `or do without: ${next(`deliver ${id} --skip "WHY"`)}`,
  ];
}

/** One delivery and where its result is; `origin` is the server that its own links are on, empty where none stays. */
export function deliveryLines(delivery: DeliveryView, origin: string): string[] {
  const { id, status, action, links, message, metadata, next_attempt_at } = delivery;
  return [
    `${id}  ${action}  ${status}${next_attempt_at === null ? "" : `, tried again at ${next_attempt_at}`}`,
    ...(message === null ? [] : [`  ${oneLine(message, 400)}`]),
    ...links.map((link) => `  ${link.startsWith("/") ? `${origin}${link}` : link}`),
    ...metadata.map(({ name, value }) => `  ${name}: ${oneLine(value, 200)}`),
  ];
}

export function previewLines({ action, target, effects, files }: DeliveryPreviewView): string[] {
  return [
    `${action} would hand over ${plural(files, "file")} to ${oneLine(target, 400)}`,
    ...effects.map((effect) => `  ${oneLine(effect, 400)}`),
    "nothing was done",
  ];
}

export function actionRows(actions: readonly DeliveryActionView[]): string[][] {
  return actions.map(({ name, description, outward, allowed }) => [
    name,
    allowed ? (outward ? "leaves the installation" : "stays here") : "not allowed",
    description,
  ]);
}

/** How a watching that was about the newest delivery has ended. */
export function deliveryReason({ delivery, status }: WorkflowView): ExitReason {
  if (delivery?.status === "delivered" || delivery?.status === "skipped") return "ok";
  return status === "paused" || status === "awaiting_approval" ? "waiting" : "failed";
}
