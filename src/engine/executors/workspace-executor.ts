import { kindOf } from "../../core/artifact-kind.ts";
import { type Repositories, RepositoryError } from "../../ports/workspace.ts";
import { blobOf } from "../hash.ts";
import type { StepExecutor } from "../step-executor.ts";

/** Takes over the tree that the workflow begins with. */
export function createWorkspaceExecutor({
  repositories,
}: {
  readonly repositories: Repositories;
}): StepExecutor {
  return async (context) => {
    const { workspace } = context.state().settings;
    if (workspace === null) throw new Error("the workflow begins with nothing; there is no tree to import");
    try {
      const { commit, files, skipped } = await repositories.read(workspace, context.signal);
      const blobs = files.map(({ content }) => blobOf(content));
      const imported = files.map(({ path, content }, index) => ({
        path,
        kind: kindOf(path),
        hash: blobs[index]?.hash ?? "",
        size: Buffer.byteLength(content),
      }));
      const tree = { ...workspace, commit, files: imported, skipped: [...skipped] };
      return { ok: true, result: { kind: "tree", tree }, blobs };
    } catch (error) {
      if (!(error instanceof RepositoryError)) throw error;
      return {
        ok: false,
        failure: { code: "workspace_failed", message: error.message, retry_after_ms: null },
      };
    }
  };
}
