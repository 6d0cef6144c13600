import { pathKey } from "../artifact-path.ts";
import { withoutPath, withPath } from "./directories.ts";
import type { EventPayload, WorkflowEvent } from "./events.ts";
import type { ArtifactState, WorkflowState } from "./state.ts";

type Parts = Partial<Omit<WorkflowState, "head">>;
type TreeEvent = Extract<WorkflowEvent, { type: "artifact.produced" | "artifact.deleted" | "tree.imported" }>;

/** The artifacts after one more event. */
export function evolveTree(state: WorkflowState, event: TreeEvent): Parts {
  const place = { task_id: event.task_id ?? "", created_at: event.occurred_at };
  switch (event.type) {
    case "artifact.produced":
      return withArtifacts(state, [{ ...event.payload, ...place, deleted: false }]);
    case "artifact.deleted": {
      const before = state.latest_artifacts.get(pathKey(event.payload.path));
      const { kind = "code", description = "" } = before ?? {};
      const gone = { kind, description, hash: "", size: 0, deleted: true };
      return withArtifacts(state, [{ ...event.payload, ...gone, ...place }]);
    }
    case "tree.imported": {
      const { repo, commit, files, skipped } = event.payload;
      return {
        ...withArtifacts(state, importedFiles(files, place)),
        imported: { repo, commit, files: files.length, skipped },
      };
    }
  }
}

function importedFiles(
  files: EventPayload<"tree.imported">["files"],
  place: Pick<ArtifactState, "task_id" | "created_at">,
): ArtifactState[] {
  return files.map((file, index) => ({
    ...file,
    ...place,
    id: `a${index + 1}`,
    ordinal: index + 1,
    description: "",
    revision: 1,
    cycle: 0,
    deleted: false,
  }));
}

function withArtifacts(state: WorkflowState, added: readonly ArtifactState[]): Parts {
  let { artifacts, latest_artifacts, directories } = state;
  for (const artifact of added) {
    const key = pathKey(artifact.path);
    const before = latest_artifacts.get(key);
    const wasThere = before !== undefined && !before.deleted;
    if (artifact.deleted && wasThere) directories = withoutPath(directories, artifact.path);
    if (!artifact.deleted && !wasThere) directories = withPath(directories, artifact.path);
    artifacts = artifacts.set(artifact.id, artifact);
    latest_artifacts = latest_artifacts.set(key, artifact);
  }
  return { artifacts, latest_artifacts, directories };
}
