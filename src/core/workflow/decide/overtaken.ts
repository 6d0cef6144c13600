import { pathKey } from "../../artifact-path.ts";
import type { OpenStep, WorkflowState } from "../state.ts";

/** What a step would write and delete. */
export type Written = {
  readonly artifacts: readonly { readonly path: string }[];
  readonly deleted: readonly string[];
};

/** Paths that a task of the same time has written since this step began. */
export function overtakenPaths(
  state: WorkflowState,
  { base }: Pick<OpenStep, "base">,
  { artifacts, deleted }: Written,
): string[] {
  const paths = [...artifacts.map(({ path }) => path), ...deleted];
  return paths.filter((path) => (state.latest_artifacts.get(pathKey(path))?.ordinal ?? 0) > base);
}
