/** Why the core refused a command. The server maps codes to HTTP in one table. */
export const DOMAIN_ERROR_CODES = [
  "already_closed",
  "not_resumable",
  "repair_exhausted",
  "budget_exhausted",
  "outcome_needed",
  "no_model",
  "step_not_runnable",
  "stale_attempt",
  "invalid_output",
  "approval_closed",
  "approval_expired",
  "approval_needed",
  "not_deliverable",
  "delivery_running",
  "invalid_edit",
  "unknown_finding",
  "unknown_criterion",
] as const;
export type DomainErrorCode = (typeof DOMAIN_ERROR_CODES)[number];

/** `message` is one sentence for a person and says what to do next; `problems` lists the details of bad output. */
export type DomainError = {
  readonly code: DomainErrorCode;
  readonly message: string;
  readonly problems: readonly string[];
};

export type Decided<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: DomainError };

export function accept<T>(value: T): Decided<T> {
  return { ok: true, value };
}

export function reject(
  code: DomainErrorCode,
  message: string,
  problems: readonly string[] = [],
): Decided<never> {
  return { ok: false, error: { code, message, problems } };
}
