/** How often the nodes of a cluster do what; milliseconds, except where pg-boss wants whole seconds. */
export type ClusterTiming = {
  /** How often a node renews its lease. */
  readonly heartbeatMs: number;
  /** How long a node counts as living after its last heartbeat. */
  readonly leaseMs: number;
  /** How often a node looks for dead ones: two looks that miss a lock make a node dead. */
  readonly lookMs: number;
  /** How long after a start or a loss of PostgreSQL a missing lock means nothing: its owner may be on its way back. */
  readonly settleMs: number;
  /** How often a node asks whether jobs have come due that nobody announced. */
  readonly dueMs: number;
  /** How often steps that no living node owns are looked for. */
  readonly sweepMs: number;
  /** How long a lost connection is left alone between two tries to get it back. */
  readonly reconnectMs: number;
  /** How often the jobs in hand are touched. */
  readonly touchMs: number;
  /** How long a job may stay untouched before it is given to another node. */
  readonly jobSilenceSeconds: number;
  /** How often one of the nodes looks for jobs that stayed untouched. */
  readonly superviseSeconds: number;
};

export const CLUSTER_TIMING: ClusterTiming = {
  heartbeatMs: 3_000,
  leaseMs: 15_000,
  lookMs: 300,
  settleMs: 5_000,
  dueMs: 500,
  sweepMs: 15_000,
  reconnectMs: 100,
  touchMs: 3_000,
  jobSilenceSeconds: 10,
  superviseSeconds: 5,
};
