import type { NodeLife } from "./node.ts";

/** Whether the process was stopped by a signal and woken before `at`. */
export function hasStoodStill(lives: readonly NodeLife[], owner: string | undefined, at: number): boolean {
  return lives.some(
    ({ instance_id, suspensions }) => instance_id === owner && suspensions.some(({ from }) => from <= at),
  );
}

/** Whether the times that the process has written can be held against the provider's clock. */
export function tellsTheTime(lives: readonly NodeLife[], owner: string | undefined): boolean {
  return !lives.some(({ instance_id, clock_jumps }) => instance_id === owner && clock_jumps > 0);
}

export function wasKilled({ ending }: NodeLife): boolean {
  return ending === "killed" || ending === "rehearsed";
}

export function wasBroken(life: NodeLife): boolean {
  return wasKilled(life) || life.suspensions.length > 0;
}
