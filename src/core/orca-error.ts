import type { DomainErrorCode } from "./domain-error.ts";

/** Codes of refusals that are not the workflow's own; the server gives each an HTTP status in one table. */
export type ErrorCode =
  | DomainErrorCode
  | "workflow_not_found"
  | "artifact_not_found"
  | "provider_not_found"
  | "provider_unreachable"
  | "invalid_request"
  | "unknown_provider"
  | "unknown_model"
  | "unknown_delivery_action"
  | "invalid_delivery_config"
  | "delivery_not_allowed"
  | "delivery_refused"
  | "delivery_not_found"
  | "invalid_workspace"
  | "approval_not_found"
  | "approval_stale"
  | "tree_not_found"
  | "diff_unavailable"
  | "shutting_down";

/** A refusal that a caller can act on. `pointer` is a JSON Pointer into the request body. */
export class OrcaError extends Error {
  override readonly name = "OrcaError";
  readonly code: ErrorCode;
  readonly details: readonly { readonly pointer: string; readonly detail: string }[];

  constructor(
    code: ErrorCode,
    message: string,
    details: readonly { readonly pointer: string; readonly detail: string }[] = [],
  ) {
    super(message);
    this.code = code;
    this.details = details;
  }
}
