/** The places of every workflow where a crash is worth rehearsing. */
export const FAILPOINTS = [
  "commit.before",
  "commit.after",
  "model.before_call",
  "model.after_call",
  "delivery.before",
  "delivery.after",
] as const;

/** Those of delivery actions, each after an effect outside. */
export const DELIVERY_FAILPOINTS = [
  "git-push.committed",
  "git-push.pushed",
  "github.blobs",
  "github.commit",
  "github.branch",
  "github.pull",
  "github.comment",
  "github.repository",
  "webhook.sent",
  "outbox.sent",
] as const;
export type FailpointName = (typeof FAILPOINTS)[number] | (typeof DELIVERY_FAILPOINTS)[number];

let armed: ((name: FailpointName) => void) | null = null;

/** Does nothing unless a rehearsal has armed it. */
export function failpoint(name: FailpointName): void {
  armed?.(name);
}

/** Calls `act` at every failpoint that is passed from now on; null disarms. What it throws is thrown there. */
export function armFailpoints(act: ((name: FailpointName) => void) | null): void {
  armed = act;
}
