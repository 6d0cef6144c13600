export type Deadline = {
  readonly signal: AbortSignal;
  /** Rejects with the signal's reason as soon as it is aborted, and leaves `work` to itself. */
  race<T>(work: Promise<T>): Promise<T>;
  [Symbol.dispose](): void;
};

/**
 * A signal that follows others and a clock. AbortSignal.any does the same only for as long as nothing collects what it
 * follows.
 */
export function startDeadline(milliseconds: number, late: () => Error, follow: AbortSignal[]): Deadline {
  const controller = new AbortController();
  const { signal } = controller;
  const timer = setTimeout(() => controller.abort(late()), milliseconds);
  const followers = follow.map((leader) => ({ leader, abort: () => controller.abort(leader.reason) }));
  for (const { leader, abort } of followers) {
    if (leader.aborted) abort();
    else leader.addEventListener("abort", abort, { once: true });
  }
  return {
    signal,
    async race(work) {
      const { promise, reject } = Promise.withResolvers<never>();
      const abort = (): void => reject(signal.reason);
      if (signal.aborted) abort();
      signal.addEventListener("abort", abort, { once: true });
      try {
        return await Promise.race([promise, work]);
      } finally {
        signal.removeEventListener("abort", abort);
      }
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      for (const { leader, abort } of followers) leader.removeEventListener("abort", abort);
    },
  };
}
