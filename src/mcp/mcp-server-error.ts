/**
 * `changed`: its tools are not the approved ones. `unavailable`: nothing was sent. `no_answer`, `lost`: a call was sent
 * and not answered. `closed`: this process is shutting down.
 */
export const MCP_ERROR_CODES = ["changed", "unavailable", "no_answer", "lost", "closed"] as const;
export type McpErrorCode = (typeof MCP_ERROR_CODES)[number];

/** An MCP server could not be used. The message says what an operator can do. */
export class McpServerError extends Error {
  override readonly name = "McpServerError";
  readonly server: string;
  readonly code: McpErrorCode;
  /** Whether the call may have had its effect although nobody heard of it; never for tools that only read. */
  readonly outcome_unknown: boolean;

  constructor(
    server: string,
    code: McpErrorCode,
    problem: { readonly message: string; readonly outcome_unknown?: boolean; readonly cause?: unknown },
  ) {
    super(
      `MCP server ${server} ${problem.message}`,
      problem.cause === undefined ? {} : { cause: problem.cause },
    );
    this.server = server;
    this.code = code;
    this.outcome_unknown = problem.outcome_unknown ?? false;
  }
}
