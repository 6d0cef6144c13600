/** Decides which workflows may have running steps in this process. A workflow is named by `keyOf`. */
export interface Dispatcher {
  /** Whether jobs travel through the store, so that a commit leaves one behind for what this process does not take on. */
  readonly shared: boolean;
  holds(key: string): boolean;
  /** Whether this process may take on one more. */
  readonly hasRoom: boolean;
  /** Takes a slot for a workflow that is in memory, if one is free and nobody waits before it. */
  tryTake(key: string): boolean;
  /** Asks for a slot; `activate` is called when the workflow has one. */
  enqueue(key: string): void;
  /** The workflow has nothing to run now. */
  release(key: string): void;
  /** As `release`, for a workflow that could not be taken up: whoever takes it next does so after the delay. */
  postpone(key: string, delayMs: number): void;
  /** Begins to give out slots. */
  open(): void;
  /** Gives out no slot any more. */
  close(): void;
  /** Resolves when the queue knows what was released. */
  drained(): Promise<void>;
}

export type DispatcherLimits = {
  /** Workflows with running steps in this process. */
  readonly workflows: number;
  /** As many of one tenant, times the working nodes: one tenant's flood leaves room for the others. */
  readonly perTenant: number;
};

export function keyOf(tenantId: string, id: string): string {
  return `${tenantId}/${id}`;
}

export function partsOf(key: string): { readonly tenant_id: string; readonly workflow_id: string } {
  const slash = key.indexOf("/");
  return { tenant_id: key.slice(0, slash), workflow_id: key.slice(slash + 1) };
}
