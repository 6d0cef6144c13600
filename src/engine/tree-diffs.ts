import { pathKey } from "../core/artifact-path.ts";
import { OrcaError } from "../core/orca-error.ts";
import { type ArtifactState, byOrdinal, type WorkflowState } from "../core/workflow/state.ts";
import type { TenantStorage } from "../ports/storage.ts";
import { type TreeRevision, WorkspaceError, type Workspaces } from "../ports/workspace.ts";

/** Differences between the trees that a workflow went through. */
export type TreeDiffs = {
  /** Rejects with an OrcaError `tree_not_found` for a name that the workflow does not have. */
  readonly between: (
    state: WorkflowState,
    storage: Pick<TenantStorage, "readBlobs">,
    range: { readonly from: string; readonly to: string; readonly most: number },
  ) => Promise<string>;
};

export function createTreeDiffs(workspaces: Pick<Workspaces, "diff">): TreeDiffs {
  return {
    between: async (state, storage, range) => {
      const revisions = revisionsOf(state);
      const from = named(revisions, range.from);
      const to = named(revisions, range.to);
      const { tenant_id, id } = state.head;
      const place = { tenant_id, workflow_id: id };
      const history = {
        place,
        revisions,
        read: (hashes: readonly string[]) => storage.readBlobs([...hashes]),
      };
      try {
        return await workspaces.diff(history, { from, to, most: range.most });
      } catch (error) {
        if (!(error instanceof WorkspaceError)) throw error;
        throw new OrcaError("diff_unavailable", error.message);
      }
    },
  };
}

/** The name as the history knows it; `latest` is whatever came last. */
function named(revisions: readonly TreeRevision[], name: string): string {
  const found = name === "latest" ? revisions.at(-1) : revisions.find((revision) => revision.name === name);
  if (found) return found.name;
  const names = revisions.map((revision) => revision.name).join(", ");
  throw new OrcaError(
    "tree_not_found",
    revisions.length === 0
      ? "The workflow has written nothing yet."
      : `There is no tree ${name}. There are ${names}, and latest.`,
  );
}

/** What the workflow began with, the tree after each finished task, and that of each cycle that is through. */
export function revisionsOf(state: WorkflowState): readonly TreeRevision[] {
  const { head } = state;
  const artifacts = byOrdinal(state.artifacts.values());
  const marks: Mark[] = [];
  const base = artifacts.filter(({ task_id }) => task_id === "").length;
  if (base > 0) marks.push({ name: "base", message: "The tree that the workflow began with", count: base });
  for (const task of byOrdinal(state.tasks.values())) {
    const last = artifacts.findLast(({ task_id }) => task_id === task.id);
    if (task.status !== "completed" || !last) continue;
    marks.push({ name: `task:${task.id}`, message: task.title, count: last.ordinal });
  }
  marks.sort((left, right) => left.count - right.count);
  for (let cycle = 0; cycle <= head.cycle; cycle += 1) {
    const last = artifacts.findLast((artifact) => artifact.cycle <= cycle);
    if (!last || !head.done_steps.includes(`validation:${cycle}`)) continue;
    const at = marks.findLastIndex(({ count }) => count <= last.ordinal) + 1;
    marks.splice(at, 0, { name: `cycle-${cycle}`, message: `Cycle ${cycle}`, count: last.ordinal });
  }
  return revisionsAt(state, marks);
}

type Mark = { readonly name: string; readonly message: string; readonly count: number };

/** Goes through the artifacts once; marks are in order. */
function revisionsAt({ head, artifacts }: WorkflowState, marks: readonly Mark[]): TreeRevision[] {
  const files = new Map<string, ArtifactState>();
  const rest = byOrdinal(artifacts.values()).values();
  let at = head.created_at;
  let reached = 0;
  return marks.map(({ name, message, count }) => {
    while (reached < count) {
      const { value: artifact } = rest.next();
      if (!artifact) break;
      reached = artifact.ordinal;
      at = artifact.created_at;
      files.set(pathKey(artifact.path), artifact);
    }
    const tree = [...files.values()].filter(({ deleted }) => !deleted);
    return {
      name,
      message: `${message}\n\nWorkflow ${head.id}`,
      at,
      files: new Map(tree.map(({ path, hash }) => [path, hash])),
    };
  });
}
