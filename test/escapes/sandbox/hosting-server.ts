import { spawnSync } from "node:child_process";

import { createSandbox } from "../../../src/sandbox/create-sandbox.ts";
import { createLogger } from "../../../src/telemetry/pino-logger.ts";
import type { Hosted } from "./hosted.ts";

const { guarded, directory, command } = JSON.parse(process.argv[2] ?? "") as Hosted;

if (guarded) {
  const sandbox = createSandbox({ mode: "auto", logger: createLogger({ level: "silent", format: "json" }) });
  const { output } = await sandbox.run({ command, directory, signal: new AbortController().signal });
  process.stdout.write(output);
  await sandbox.close();
} else {
  // Asynchronous or not, a shell started like this outlives its server.
  process.stdout.write(spawnSync("bash", ["-c", command], { cwd: directory, encoding: "utf8" }).stdout);
}
