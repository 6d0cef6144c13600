/** What a node does: answer the API, run workflows, or both. */
export const NODE_ROLES = ["all", "api", "worker"] as const;
export type NodeRole = (typeof NODE_ROLES)[number];

export type WorkflowRef = { readonly tenant_id: string; readonly workflow_id: string };

/** A node as the others see it. Times are RFC 3339 in UTC by the clock of the database. */
export type NodeView = {
  readonly id: string;
  readonly role: NodeRole;
  readonly version: string;
  readonly started_at: string;
  readonly lease_until: string;
};

/** A workflow that wants a node. Holding a job proves nothing: steps are owned by their attempts alone. */
export type WorkJob = WorkflowRef & {
  readonly id: string;
  /** How often the job was given out before; a job given to somebody else meanwhile can't be finished. */
  readonly retry: number;
};

/** The distributed queue of workflows that want a node; entries are made by commits that carry a `wake`. */
export interface WorkQueue {
  /** Takes due jobs: at most `free`, and of one tenant never more than `perTenant` at a time over all nodes. */
  take(free: number, perTenant: number): Promise<readonly WorkJob[]>;
  /** The workflow needs this node no more. Jobs that were lost meanwhile are passed over. */
  finish(jobs: readonly WorkJob[]): Promise<void>;
  /** Hands jobs back unfinished, for any node to take after the delay. */
  giveBack(jobs: readonly WorkJob[], delayMs: number): Promise<void>;
}

export type ClusterListeners = {
  /** There may be something to take. */
  readonly work: () => void;
  /** Others have committed to these workflows. Comes within milliseconds, but may get lost: who must know also asks. */
  readonly changed: (changes: readonly (WorkflowRef & { readonly version: number })[]) => void;
  /** This node was silent beyond its lease, so that its steps may have been given to others. */
  readonly doubted: () => void;
};

/** The nodes that share one PostgreSQL database. */
export interface Cluster {
  readonly queue: WorkQueue;
  /** Makes this process a node and keeps its lease until `leave`. Rejects with a StorageError. */
  join(node: Pick<NodeView, "id" | "role" | "version">, listeners: ClusterListeners): Promise<void>;
  /** Those of `owners` that are no living node. */
  deadOf(owners: readonly string[]): Promise<ReadonlySet<string>>;
  nodes(): Promise<readonly NodeView[]>;
  leave(): Promise<void>;
}
