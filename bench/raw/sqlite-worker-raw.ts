import { once } from "node:events";
import { join } from "node:path";
import { Worker } from "node:worker_threads";

import type { OpenSystem } from "../system.ts";
import { rawSystem, type RawWrite } from "./raw-workflow.ts";
import type { ToRawWorker } from "./sqlite-worker-thread.ts";

/** As the grouped row, with the database in a thread of its own, so that no sync blocks the steps. */
export const openThreaded: OpenSystem = async (place, job) => {
  const worker = new Worker(new URL("./sqlite-worker-thread.ts", import.meta.url), {
    workerData: { file: join(place.directory, "raw.db") },
  });
  await once(worker, "message");
  const sent: (() => void)[][] = [];
  let writes: RawWrite[] = [];
  let resolves: (() => void)[] = [];
  worker.on("message", (durable: number) => {
    for (const resolve of sent.splice(0, durable).flat()) resolve();
  });
  const send = (): void => {
    sent.push(resolves);
    worker.postMessage(writes satisfies ToRawWorker, []);
    [writes, resolves] = [[], []];
  };
  return rawSystem(
    {
      write: (write) =>
        new Promise((resolve) => {
          writes.push(write);
          resolves.push(resolve);
          if (writes.length === 1) setImmediate(send);
        }),
      load: () => Promise.reject(new Error("the threaded row is not resumed")),
      close: async () => {
        worker.postMessage("close" satisfies ToRawWorker, []);
        await once(worker, "exit");
      },
    },
    job,
  );
};
