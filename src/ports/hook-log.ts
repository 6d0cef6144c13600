/** What came in from outside, remembered for longer than it could be sent again. */
export type ReceivedHook = {
  /** `github` */
  readonly source: string;
  /** How the sender names this delivery. The name is not signed. */
  readonly delivery_id: string;
  /** SHA-256 of what was signed: the same body under another name is the same delivery. */
  readonly body_hash: string;
  readonly received_at: string;
};

/** `workflow_id` is null while its workflow is being started, and when it could not be. */
export type StandingHook = ReceivedHook & { readonly workflow_id: string | null };

export interface HookLog {
  /**
   * Remembers it. Null when it is new: of several at once exactly one is told so. Else the one that stands in the way,
   * which has the same name or the same body, or both.
   */
  remember(hook: ReceivedHook): Promise<StandingHook | null>;
  /** Notes which workflow it has started. */
  answered(hook: Pick<ReceivedHook, "source" | "delivery_id">, workflowId: string): Promise<void>;
  /** Deletes those received before `before`, the oldest first; returns how many. */
  prune(before: string, limit: number): Promise<number>;
}
