import type { StepFailure } from "../core/workflow/commands.ts";
import { WorkspaceError } from "../ports/workspace.ts";

/** What is wrong with this machine rather than with the work: a full disk, a directory that can't be made. Null for all else. */
export function machineTrouble(error: unknown): StepFailure | null {
  const isOfSystem = error instanceof Error && "errno" in error && "syscall" in error;
  if (!(error instanceof WorkspaceError) && !isOfSystem) return null;
  const message = `The files of this step could not be laid out: ${error.message}. Mend it, then resume.`;
  return { code: "workspace_failed", message, retry_after_ms: null };
}
