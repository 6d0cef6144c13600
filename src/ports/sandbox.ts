export type SandboxLimits = {
  readonly time_ms: number;
  readonly memory_bytes: number;
  /** Processes and threads at a time. */
  readonly processes: number;
  /** Longest file that may be written. */
  readonly file_bytes: number;
  /** Of the output that is kept: its beginning and its end. */
  readonly output_bytes: number;
};

export const USUAL_LIMITS: SandboxLimits = {
  time_ms: 120_000,
  memory_bytes: 4 * 1024 ** 3,
  processes: 256,
  file_bytes: 256 * 1024 ** 2,
  output_bytes: 64 * 1024,
};

export type SandboxCommand = {
  /** Given to `bash -c`. */
  readonly command: string;
  /** Absolute; where it starts, and the only place that it may write. HOME and TMPDIR lie in private places beside it. */
  readonly directory: string;
  /** The whole environment besides PATH, HOME, TMPDIR and LANG. */
  readonly env?: Readonly<Record<string, string>>;
  /** Host names that may be reached by HTTP and HTTPS; none as a rule. */
  readonly network?: readonly string[];
  /** More absolute paths that it may read. */
  readonly readable?: readonly string[];
  readonly limits?: Partial<SandboxLimits>;
  readonly signal: AbortSignal;
};

export type SandboxResult = {
  /** Null when a signal ended it. */
  readonly exit_code: number | null;
  readonly ended_by: "exit" | "signal" | "timeout" | "abort";
  /** Both streams as they came, as whole characters of UTF-8; a cut in the middle is marked. */
  readonly output: string;
  readonly duration_ms: number;
};

export type SandboxHealth =
  | {
      readonly available: true;
      readonly kind: "bubblewrap" | "seatbelt" | "unsafe";
      readonly message: string | null;
    }
  /** `install` is the command or the setting that mends it. */
  | { readonly available: false; readonly reason: string; readonly install: string };

/** Runs what models have written. There is no way to run it beside the sandbox but the setting `sandbox: unsafe`. */
export interface Sandbox {
  /** Tried by running something, once a process; never rejects. */
  health(): Promise<SandboxHealth>;
  /** Ends with the whole process tree of the command. Rejects with a SandboxUnavailableError, and runs nothing then. */
  run(command: SandboxCommand): Promise<SandboxResult>;
  close(): Promise<void>;
}

/** Nothing was run. `install` says what to do. */
export class SandboxUnavailableError extends Error {
  override readonly name = "SandboxUnavailableError";
  readonly install: string;

  constructor(reason: string, install: string) {
    super(`${reason} ${install}`);
    this.install = install;
  }
}
