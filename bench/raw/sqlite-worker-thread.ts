import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";

import type { RawWrite } from "./raw-workflow.ts";
import { SqliteTables } from "./sqlite-tables.ts";

/** What the thread is told: writes of one loop turn, or to finish. It answers with how many messages are durable. */
export type ToRawWorker = readonly RawWrite[] | "close";

const port = parentPort;
if (port === null) throw new Error("this file runs in a worker thread only");
const tables = new SqliteTables((workerData as { readonly file: string }).file);

port.on("message", (first: ToRawWorker) => {
  const batches: (readonly RawWrite[])[] = [];
  let closing = false;
  for (let message: ToRawWorker | undefined = first; message !== undefined; message = waitingMessage()) {
    if (message === "close") closing = true;
    else batches.push(message);
  }
  if (batches.length > 0) {
    tables.apply(batches.flat());
    port.postMessage(batches.length);
  }
  if (!closing) return;
  tables.close();
  port.close();
});
port.postMessage(0);

function waitingMessage(): ToRawWorker | undefined {
  return receiveMessageOnPort(port!)?.message as ToRawWorker | undefined;
}
