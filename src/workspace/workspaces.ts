import { createHash } from "node:crypto";
import { join } from "node:path";

import type { Logger } from "../ports/logger.ts";
import type { WorkflowPlace, Workspaces } from "../ports/workspace.ts";
import { diffHistory } from "./history.ts";
import { sweepWorkspaces } from "./sweep-workspaces.ts";
import { createWorkingDirectory } from "./working-directory.ts";

export type NodeWorkspaces = Workspaces & {
  /** What earlier processes left is removed; never rejects. Nobody needs to wait for it. */
  readonly swept: Promise<void>;
};

/**
 * Workspaces under `root`, which belongs to them alone and may be deleted while no server runs. Both methods reject
 * with a WorkspaceError for what a caller or an operator can mend.
 */
export function createWorkspaces(options: {
  readonly root: string;
  readonly logger: Logger;
}): NodeWorkspaces {
  const { root, logger } = options;
  const homeOf = (place: WorkflowPlace): string => join(root, nameOf(place));
  const turns = new Map<string, Promise<unknown>>();
  return {
    swept: sweepWorkspaces(root, new Date(), logger).then(
      () => undefined,
      (error: unknown) => logger.warn({ err: error, root }, "left-over workspaces could not be looked for"),
    ),
    create: (place, files) => createWorkingDirectory(homeOf(place), files),
    diff: (history, range) => {
      const home = homeOf(history.place);
      return inTurn(turns, home, () => diffHistory(home, history, range));
    },
  };
}

/** Ids are not trusted to be file names, nor to differ where case does not count. */
function nameOf({ tenant_id, workflow_id }: WorkflowPlace): string {
  return createHash("sha256")
    .update(JSON.stringify([tenant_id, workflow_id]))
    .digest("hex")
    .slice(0, 32);
}

async function inTurn<T>(
  turns: Map<string, Promise<unknown>>,
  key: string,
  work: () => Promise<T>,
): Promise<T> {
  const before = turns.get(key) ?? Promise.resolve();
  const own = before.then(work, work);
  turns.set(key, own);
  try {
    return await own;
  } finally {
    if (turns.get(key) === own) turns.delete(key);
  }
}
