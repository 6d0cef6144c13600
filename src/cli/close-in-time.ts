/** A store or a provider that hangs must not keep the process after its time. */
const HARD_STOP_AFTER_MS = 5_000;

/**
 * Closes what has `graceMs` for it, and ends the process when it takes longer. The engine's own timers keep no process
 * alive: without the one here an empty event loop would end the closing half-way.
 */
export async function closeInTime(graceMs: number, close: () => Promise<void>): Promise<void> {
  const hardStop = setTimeout(() => process.exit(1), graceMs + HARD_STOP_AFTER_MS);
  try {
    await close();
  } finally {
    clearTimeout(hardStop);
  }
}
