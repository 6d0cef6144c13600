import type { ErrorCode } from "../core/orca-error.ts";
import type { StorageErrorCode } from "../ports/storage.ts";

/** Refusals that the HTTP layer decides by itself. */
export type HttpErrorCode =
  | "malformed_json"
  | "malformed_text"
  | "malformed_request"
  | "unsupported_media_type"
  | "request_too_large"
  | "request_timeout"
  | "step_not_found"
  | "model_call_not_found"
  | "receipt_not_found"
  | "message_not_found"
  | "file_not_found"
  | "secret_not_found"
  | "secret_key_missing"
  | "invalid_secret_name"
  | "document_not_found"
  | "bundle_impossible"
  | "range_not_satisfiable"
  | "route_not_found"
  | "method_not_allowed"
  | "host_not_allowed"
  | "cross_origin"
  | "invalid_event_id"
  | "idempotency_key_reused"
  | "idempotency_in_flight"
  | "hook_refused"
  | "hook_repeated"
  | "hook_out_of_time"
  | "hooks_busy"
  | "internal";

export type ProblemCode = ErrorCode | StorageErrorCode | HttpErrorCode;

type Kind = {
  readonly status: 400 | 401 | 403 | 404 | 405 | 408 | 409 | 413 | 415 | 416 | 422 | 500 | 502 | 503;
  readonly title: string;
  /** What a person does about it; also the detail of problems whose own message is for the operator. */
  readonly advice: string;
  /** Seconds after which the same request may succeed; null when it must change first. */
  readonly retry_after_s: number | null;
};

function kind(
  status: Kind["status"],
  title: string,
  advice: string,
  retryAfterS: number | null = null,
): Kind {
  return { status, title, advice, retry_after_s: retryAfterS };
}

/** The one table from codes to HTTP. */
export const PROBLEMS = {
  workflow_not_found: kind(
    404,
    "No such workflow",
    "Check the id, and that X-Tenant-ID names the tenant it was created in.",
  ),
  artifact_not_found: kind(404, "No such artifact", "List the workflow's artifacts for their ids."),
  step_not_found: kind(404, "No such step", "List the workflow's steps for their ids."),
  model_call_not_found: kind(404, "No such model call", "List the step's model calls."),
  receipt_not_found: kind(404, "No such receipt", "List the workflow's receipts for their ids."),
  message_not_found: kind(404, "No such message", "List them with GET /api/v1/webhooks/messages."),
  delivery_not_found: kind(404, "No such delivery", "List the workflow's deliveries for their ids."),
  secret_not_found: kind(404, "No such secret", "List the stored secrets with GET /api/v1/secrets."),
  file_not_found: kind(404, "No such file", "List the files of the tree for their paths."),
  document_not_found: kind(404, "No such document", "Read the workflow's deliveries for their documents."),
  tree_not_found: kind(
    404,
    "No such tree",
    "Name latest, best, or cycle-<n>; a diff takes base and task:<key> as well.",
  ),
  approval_not_found: kind(404, "No such approval", "List the open ones with GET /api/v1/approvals."),
  unknown_criterion: kind(404, "No such criterion", "Read the workflow's criteria for their ids."),
  unknown_finding: kind(404, "No such finding", "Read the workflow's findings for their ids."),
  provider_not_found: kind(
    404,
    "No such provider",
    "List the configured providers with GET /api/v1/providers.",
  ),
  route_not_found: kind(404, "No such route", "The API reference is at /api/v1/docs."),
  method_not_allowed: kind(405, "Method not allowed", "The header Allow lists the methods of this path."),

  malformed_request: kind(400, "Malformed request", "The request is not HTTP that this server understands."),
  malformed_json: kind(400, "Malformed JSON", "Send one valid JSON value."),
  malformed_text: kind(400, "Not UTF-8", "Encode the body as UTF-8."),
  invalid_event_id: kind(
    400,
    "Invalid event id",
    "Give a `seq` that the workflow has reached, or 0 for all events.",
  ),
  request_timeout: kind(408, "Request timeout", "Send the whole request without long pauses.", 1),
  request_too_large: kind(
    413,
    "Request too large",
    "Shorten the body, or raise max_request_bytes on the server.",
  ),
  range_not_satisfiable: kind(
    416,
    "Range not satisfiable",
    "Ask for a range that begins before the end; Content-Range says where that is.",
  ),
  unsupported_media_type: kind(415, "Unsupported media type", "Send the body as application/json."),
  invalid_request: kind(422, "Invalid request", "Mend the fields that `errors` names."),
  unknown_provider: kind(
    422,
    "Unknown provider",
    "Name a configured provider: GET /api/v1/providers lists them.",
  ),
  unknown_model: kind(
    422,
    "Unknown model",
    "Name a model of the provider: GET /api/v1/providers/{name}/models lists them.",
  ),
  unknown_delivery_action: kind(422, "Unknown delivery action", "Use an action that this server has."),
  invalid_delivery_config: kind(
    422,
    "Invalid delivery configuration",
    "Mend the fields that `errors` names.",
  ),
  delivery_not_allowed: kind(
    422,
    "Delivery action not allowed",
    "Use one of those that GET /api/v1/delivery-actions shows as allowed.",
  ),
  delivery_refused: kind(422, "Delivery would fail", "Mend what the detail names, then look again."),
  invalid_workspace: kind(
    422,
    "Workspace refused",
    "Name a repository that workspace.allowed of the server's configuration covers.",
  ),
  invalid_secret_name: kind(
    422,
    "Not a name for a secret",
    "Use letters, digits and underscores, such as GITHUB_TOKEN.",
  ),
  invalid_edit: kind(422, "Edit refused", "Mend what `errors` names; the approval is still open."),
  invalid_output: kind(422, "Output refused", "The output of a role breaks its contract."),
  idempotency_key_reused: kind(
    422,
    "Idempotency key reused",
    "Use a new Idempotency-Key for another request.",
  ),

  host_not_allowed: kind(
    403,
    "Host not allowed",
    "Address the server as localhost or by its configured host.",
  ),
  cross_origin: kind(403, "Cross-origin request refused", "Other sites may not change anything here."),

  already_closed: kind(409, "Workflow has ended", "Start a new workflow, or resume it when it failed."),
  not_resumable: kind(409, "Workflow cannot be resumed", "Only paused and failed workflows can be resumed."),
  repair_exhausted: kind(409, "Repair cycles used up", "Resume with a higher max_qa_retries."),
  bundle_impossible: kind(409, "No bundle can be made", "Read the files one by one instead."),
  outcome_needed: kind(409, "Outcome needed", "Resume with outcome happened or repeat."),
  approval_needed: kind(
    409,
    "Approval needed",
    "The workflow waits for an answer to its approval, not for a resume.",
  ),
  approval_closed: kind(409, "Approval is closed", "Read the workflow for what it waits for now."),
  approval_stale: kind(409, "Another subject by now", "Read the approval again, then answer what it shows."),
  approval_expired: kind(
    409,
    "Approval has expired",
    "Ask for changes, so that it is shown again, or reject it.",
  ),
  not_deliverable: kind(
    409,
    "Nothing to deliver",
    "Only work that is accepted as done is handed over; its files can be read and downloaded.",
  ),
  delivery_running: kind(409, "Delivery under way", "Wait for the end of the one that is being made.", 2),
  budget_exhausted: kind(409, "Budget used up", "Resume with a higher budget."),
  secret_key_missing: kind(
    409,
    "No key for secrets",
    "Give the server ORCA_SECRET_KEY, made with openssl rand -base64 32, and start it again.",
  ),
  no_model: kind(409, "No model", "Connect a provider, then resume the workflow."),
  step_not_runnable: kind(409, "Step not runnable", "Read the workflow again; it has moved on."),
  stale_attempt: kind(409, "Attempt is over", "Read the workflow again; it has moved on."),
  idempotency_in_flight: kind(
    409,
    "Request in flight",
    "The first request with this Idempotency-Key is not answered yet.",
    1,
  ),

  hook_refused: kind(
    401,
    "Hook refused",
    "Give the hook at GitHub the secret that this server has for it, and list its repository in hooks.github.",
  ),
  hook_repeated: kind(
    409,
    "Hook received before",
    "Nothing is to be done: it has had its effect, or label the issue or write the comment again.",
  ),
  hook_out_of_time: kind(
    422,
    "Hook out of time",
    "Label the issue or write the comment again, or raise max_age_s of the hook.",
  ),
  hooks_busy: kind(503, "Too many hooks", "Redeliver the hook in a moment.", 5),

  internal: kind(
    500,
    "Internal error",
    "This is a fault of the server; its log has it under the request id.",
  ),
  provider_unreachable: kind(
    502,
    "Provider unreachable",
    "Test the provider with POST /api/v1/providers/{name}/test.",
    10,
  ),
  diff_unavailable: kind(503, "No diff here", "Install git on the server; its doctor says how."),
  shutting_down: kind(503, "Shutting down", "Repeat the request in a moment; the server is going down.", 2),
  storage_unreachable: kind(
    503,
    "Storage unreachable",
    "The database does not answer; repeat the request in a moment.",
    5,
  ),
  storage_locked: kind(
    503,
    "Storage locked",
    "Another process holds the database; repeat the request in a moment.",
    5,
  ),
  storage_unwritable: kind(
    503,
    "Storage unwritable",
    "The server cannot write its database; its log says why.",
    30,
  ),
  storage_outdated: kind(
    503,
    "Storage outdated",
    "The database needs a migration; the server's log says more.",
    30,
  ),
  storage_url_invalid: kind(
    500,
    "Storage misconfigured",
    "The server's log says what is wrong with its database setting.",
  ),
  storage_failed: kind(500, "Storage failed", "The server's log has the cause under the request id."),
} as const satisfies Record<ProblemCode, Kind>;
