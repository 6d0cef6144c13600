/** What the exit codes mean; `orca --help` and docs/cli.md print this table. */
export const EXIT_CODES = {
  ok: [0, "done; for run and watch: the workflow completed"],
  failed: [1, "the workflow failed or was cancelled, or something broke; migrate --check: tables are behind"],
  usage: [2, "wrong arguments or configuration"],
  waiting: [3, "the workflow waits for a person; the message says for what"],
  not_found: [5, "no such workflow, artifact or provider"],
  conflict: [8, "files stand in the way; --force overwrites them"],
  unavailable: [69, "server or database unreachable, port in use, directory not writable"],
  interrupted: [130, "interrupted; the workflow is kept"],
} as const;
export type ExitReason = keyof typeof EXIT_CODES;

export function exitCode(reason: ExitReason): number {
  return EXIT_CODES[reason][0];
}

/** A command that can't go on. `message` is one line for the person who typed it. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly reason: ExitReason;
  /** Stable name of the problem, for programs. */
  readonly code: string;

  constructor(reason: ExitReason, message: string, options: ErrorOptions & { readonly code?: string } = {}) {
    super(message, options);
    this.reason = reason;
    this.code = options.code ?? reason;
  }
}
