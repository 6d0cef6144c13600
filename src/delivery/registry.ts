import type { DeliveryAction } from "../ports/delivery-action.ts";
import { apiResponseAction } from "./api-response/api-response-action.ts";
import { createDirectoryAction } from "./directory/directory-action.ts";

/** Every delivery action by its name. A new one is a folder beside these and a line here. */
export function createDeliveryActions(config: {
  readonly directory: { readonly allowed: readonly string[]; readonly defaultRoot: string };
}): ReadonlyMap<string, DeliveryAction> {
  const actions = [apiResponseAction, createDirectoryAction(config.directory)];
  return new Map(actions.map((action) => [action.name, action as DeliveryAction]));
}
