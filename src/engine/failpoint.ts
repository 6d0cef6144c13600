/** The places where a crash is worth rehearsing. */
export type FailpointName =
  | "commit.before"
  | "commit.after"
  | "model.before_call"
  | "model.after_call"
  | "delivery.before"
  | "delivery.after";

let armed: ((name: FailpointName) => void) | null = null;

/** Does nothing unless a rehearsal has armed it. */
export function failpoint(name: FailpointName): void {
  armed?.(name);
}

/** Lets a test act at every failpoint; null disarms. */
export function armFailpoints(action: ((name: FailpointName) => void) | null): void {
  armed = action;
}
