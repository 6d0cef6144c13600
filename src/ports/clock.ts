/** Time as a dependency, so that tests move it by hand. */
export interface Clock {
  now(): Date;
  /** Runs `task` once after `delayMs`; the returned function takes it back. Never keeps the process alive by itself. */
  after(delayMs: number, task: () => void): () => void;
}
