export type LineStatus = "run" | "ok" | "FAIL" | "wait" | "note" | "file" | "done";

/** One thing that happened, for a person. */
export type ProgressLine = {
  readonly status: LineStatus;
  readonly subject: string;
  readonly detail: string;
  /** The end of the detail, which is kept when a line is too long. */
  readonly tail: string;
  /** Null where nothing was measured. */
  readonly elapsed_ms: number | null;
  readonly tokens: number | null;
};

export function line(status: LineStatus, subject: string, detail = ""): ProgressLine {
  return { status, subject, detail, tail: "", elapsed_ms: null, tokens: null };
}
