import { Worker } from "node:worker_threads";

import { checkContent } from "./check-content.ts";
import type { ContentFindings, ContentJob, FromContentProcess } from "./content-job.ts";
import { examineData } from "./examine-data.ts";
import { examineDocuments } from "./examine-documents.ts";

if (process.send === undefined) throw new Error("content-worker.ts runs in a process of its own only");

async function work(job: ContentJob): Promise<ContentFindings> {
  const tellAt = (path: string): void => tell({ at: path });
  switch (job.kind) {
    case "file":
      tellAt(job.check.path);
      return { problems: await checkContent(job.check, job.bytes), notes: [] };
    case "documents":
      return examineDocuments(job, tellAt);
    case "data":
      return { problems: examineData(job.data, tellAt), notes: [] };
  }
}

function tell(message: FromContentProcess): void {
  process.send?.(message);
}

const WATCH = import.meta.url.endsWith(".ts")
  ? new URL("./orphan-watch.ts", import.meta.url)
  : new URL("./orphan-watch.js", import.meta.url);
new Worker(WATCH, { execArgv: [], workerData: process.ppid }).unref();

process.on("message", (job: ContentJob) => {
  work(job).then(tell, (error: unknown) => {
    const reason = error instanceof RangeError ? "it is too large or nested too deeply" : String(error);
    tell({ problems: [`the content can't be checked: ${reason}`], notes: [] });
  });
});
process.on("disconnect", () => process.exit());
tell({ ready: true });
