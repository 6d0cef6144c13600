import { OrcaError } from "../core/orca-error.ts";
import { type ArtifactState, byOrdinal, treeAt, treeOf, type WorkflowState } from "../core/workflow/state.ts";

/** The files of `latest`, `best` or `cycle-<n>`. Throws an OrcaError `tree_not_found`. */
export function namedTree(state: WorkflowState, name: string): readonly ArtifactState[] {
  if (name === "latest") return treeOf(state);
  const { best } = state.head.progress;
  if (name === "best") return best === null ? treeOf(state) : treeAt(state, best.artifacts);
  const cycle = Number(/^cycle-(\d{1,3})$/.exec(name)?.[1] ?? Number.NaN);
  if (Number.isInteger(cycle) && cycle <= state.head.cycle) {
    const last = byOrdinal(state.artifacts.values()).findLast((artifact) => artifact.cycle <= cycle);
    if (last) return treeAt(state, last.ordinal);
  }
  throw new OrcaError(
    "tree_not_found",
    `There is no tree ${name}. There are latest, best, and cycle-0 to cycle-${state.head.cycle}.`,
  );
}
