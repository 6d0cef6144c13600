import { workerData } from "node:worker_threads";

/** Milliseconds for which a process may outlive its server. */
const OFTEN_MS = 1_000;

/**
 * Runs beside the content process, in a thread: one that is within SQLite hears nothing of a server that was killed, and
 * would go on for ever.
 */
const server: unknown = workerData;
setInterval(() => {
  if (process.ppid !== server) process.kill(process.pid, "SIGKILL");
}, OFTEN_MS);
