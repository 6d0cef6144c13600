import { execFileSync, spawn } from "node:child_process";

import { expect, test, vi } from "vitest";

import { contentChecks } from "./content-checker.testsuite.ts";

const ENDLESS = { sql: "select count(*) from data a, data b, data c, data d, data e" };
const TABLE = `n\n${"1\n".repeat(5_000)}`;

/** Processes are slow to start on a busy machine. */
vi.setConfig({ testTimeout: 60_000 });
const PATIENT = { timeout: 20_000 };

const checkFile = contentChecks({ time_ms: 60_000 });
const closing = contentChecks();

function processesOfOurs(): number {
  return rowsOfOurs().length;
}

/** Those that have used more seconds of the processor than starting takes. */
function busyProcessesOfOurs(): number {
  return rowsOfOurs().filter((row) => Number(row.trim().split(/\s+/)[1]) >= 2).length;
}

function rowsOfOurs(): string[] {
  const all = execFileSync("ps", ["-A", "-o", "ppid=,cputimes=,args="]).toString().split("\n");
  return all.filter((line) => line.trim().startsWith(`${process.pid} `) && line.includes("content-worker"));
}

test("an abort ends the check and its process", async () => {
  const controller = new AbortController();
  const check = checkFile("d.csv", TABLE, ENDLESS, controller.signal);
  const aborted = Promise.allSettled([check]);
  await expect.poll(processesOfOurs, PATIENT).toBe(1);
  controller.abort(new Error("enough"));
  expect(await aborted).toEqual([{ status: "rejected", reason: new Error("enough") }]);
  await expect.poll(processesOfOurs, PATIENT).toBe(0);
  await expect(checkFile("d.csv", TABLE, ENDLESS, controller.signal)).rejects.toThrow("enough");
});

test("hostile content does not hold up the checks beside it, and those that wait can be aborted", async () => {
  const controller = new AbortController();
  const endless = [1, 2].map(() => checkFile("d.csv", TABLE, ENDLESS, controller.signal));
  const ended = Promise.allSettled(endless);
  await expect.poll(processesOfOurs, PATIENT).toBe(2);
  expect(await checkFile("a.txt", "a", { contains: ["a"] })).toMatchObject({ passed: true });
  const third = checkFile("d.csv", TABLE, ENDLESS, controller.signal);
  const fourth = checkFile("a.txt", "a", { contains: ["a"] }, controller.signal);
  const others = Promise.allSettled([third, fourth]);
  controller.abort(new Error("enough"));
  expect((await Promise.all([ended, others])).flat().map(({ status }) => status)).not.toContain("fulfilled");
  expect(await checkFile("a.txt", "a", { contains: ["a"] })).toMatchObject({ passed: true });
});

test("the process has no secret and may neither write nor start anything", async () => {
  await checkFile("a.txt", "a", { contains: ["a"] });
  const line = execFileSync("ps", ["-A", "-o", "pid=,ppid=,args="])
    .toString()
    .split("\n")
    .find((row) => row.trim().split(/\s+/)[1] === String(process.pid) && row.includes("content-worker"));
  expect(line).toContain("--permission --allow-fs-read=* --allow-worker --max-old-space-size=512");
  if (process.platform !== "linux")
    return console.warn("not Linux: the environment of a process can't be read");
  const pid = line?.trim().split(/\s+/)[0];
  const environment = execFileSync("cat", [`/proc/${pid}/environ`])
    .toString()
    .split("\0");
  const names = environment.map((entry) => entry.split("=", 1)[0]).filter((name) => name !== "");
  expect(names.filter((name) => !name?.startsWith("NODE_CHANNEL"))).toEqual([]);
});

test("once closed, nothing is checked and a running check is no verdict", async () => {
  await closing("a.txt", "a", { contains: ["a"] });
  const check = closing("d.csv", TABLE, ENDLESS);
  const refused = Promise.allSettled([check]);
  await expect.poll(busyProcessesOfOurs, PATIENT).toBe(1);
  await closing.checker.close();
  expect(await refused).toEqual([
    { status: "rejected", reason: new Error("The content checker was closed.") },
  ]);
  await expect(closing("a.txt", "a", { contains: ["a"] })).rejects.toThrow("closed");
});

test("a server that was killed leaves no process behind, not even a busy one", async () => {
  const checker = JSON.stringify(new URL("./content-checker.ts", import.meta.url).href);
  const check = { kind: "file", path: "d.csv", contains: [], headings: [], columns: [], ...ENDLESS };
  const nothing = { min_words: null, max_words: null, min_rows: null, json_schema: null };
  const program = `
    import { createContentChecker } from ${checker};
    const quiet = () => {};
    const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet, child: () => logger };
    const bytes = new TextEncoder().encode(${JSON.stringify(TABLE)});
    const directory = { path: "/", read: async () => bytes };
    const check = ${JSON.stringify({ ...check, ...nothing })};
    await createContentChecker({ logger, limits: { time_ms: 600_000 } }).checkFile(check, directory, new AbortController().signal);`;
  const server = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: "inherit" });
  let child = "";
  const busyChild = (): boolean => {
    const row = rows("pid=,ppid=,cputimes=,args=").find(([, ppid]) => ppid === String(server.pid));
    child = row?.[0] ?? "";
    return Number(row?.[2] ?? 0) >= 2;
  };
  await expect.poll(busyChild, PATIENT).toBe(true);
  server.kill("SIGKILL");
  await expect.poll(() => rows("pid=").some(([pid]) => pid === child), PATIENT).toBe(false);
});

function rows(columns: string): string[][] {
  const all = execFileSync("ps", ["-A", "-o", columns]).toString().trim().split("\n");
  return all.map((row) => row.trim().split(/\s+/));
}
