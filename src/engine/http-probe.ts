/**
 * A program for `node -e` that starts a server, asks it one thing, ends it and prints what came back as JSON. It runs inside
 * the sandbox, where the server's port can be reached. `ORCA_CHECK` is the check as JSON; the port is free in there.
 * What the server prints is passed on inside the answer, so that it can't answer for the program.
 */
export const HTTP_PROBE = String.raw`
const { spawn } = require("node:child_process");
const http = require("node:http");
const check = JSON.parse(process.env.ORCA_CHECK);
const port = 18080;
const env = { ...process.env, PORT: String(port), HOST: "127.0.0.1" };
delete env.ORCA_CHECK;
const server = spawn("bash", ["-c", check.start], { env, stdio: ["ignore", "pipe", "pipe"] });
let log = "";
for (const stream of [server.stdout, server.stderr]) stream.on("data", (chunk) => { log = (log + chunk).slice(-3000); });
const until = Date.now() + 15000;
let gone = null;
server.on("exit", (code, signal) => { gone = signal ?? code; });
function tell(result) {
  process.stdout.write("\nORCA_ANSWER " + JSON.stringify({ ...result, log }) + "\n", () => process.exit(0));
}
function ask() {
  if (gone !== null) return tell({ problem: "the server ended with " + gone + " before it answered" });
  const headers = check.body === null ? {} : { "content-type": "application/json" };
  const request = http.request({ host: "127.0.0.1", port, method: check.method, path: check.path, headers, timeout: 10000 });
  request.on("error", (error) => {
    if (Date.now() > until) return tell({ problem: "no answer on port " + port + " (variable PORT): " + error.message });
    setTimeout(ask, 50);
  });
  request.on("timeout", () => request.destroy(new Error("no answer in 10 s")));
  request.on("response", (response) => {
    const chunks = [];
    let size = 0;
    response.on("data", (chunk) => { size += chunk.length; if (size < 1000000) chunks.push(chunk); });
    response.on("end", () => tell({ status: response.statusCode, body: Buffer.concat(chunks).toString("utf8") }));
    response.on("error", (error) => tell({ problem: error.message }));
  });
  request.end(check.body ?? undefined);
}
ask();
`;

export type ProbeAnswer =
  | { readonly status: number; readonly body: string; readonly log: string }
  | { readonly problem: string; readonly log: string };

/** What the program printed; null when it did not, or when somebody else has printed such a line as well. */
export function probeAnswer(output: string): ProbeAnswer | null {
  const lines = output.split("\n").filter((one) => one.includes("ORCA_ANSWER "));
  const [line] = lines;
  if (line === undefined || lines.length > 1 || !line.startsWith("ORCA_ANSWER ")) return null;
  try {
    return JSON.parse(line.slice("ORCA_ANSWER ".length)) as ProbeAnswer;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
