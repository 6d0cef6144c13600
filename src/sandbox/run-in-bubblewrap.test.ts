import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { SandboxLimits, SandboxResult } from "../ports/sandbox.ts";
import { SandboxUnavailableError } from "../ports/sandbox.ts";
import { type Devices, makeDevices } from "./devices.ts";
import { findProgram, USUAL_HOST_PATH } from "./find-program.ts";
import { nodePrograms } from "./jail-arguments.ts";
import { type BubblewrapHost, runInBubblewrap } from "./run-in-bubblewrap.ts";
import { seccompFilter } from "./seccomp-filter.ts";

const bwrap = findProgram("bwrap", USUAL_HOST_PATH);
const filter = seccompFilter(process.arch);
if (bwrap === null) console.warn("Nothing is tested here: bubblewrap is missing.");

describe.skipIf(bwrap === null || filter === null)("watched, without control groups", () => {
  let devices: Devices | null = null;
  let directory = "";
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "ts-orca-sandbox-test-"));
    devices = makeDevices(findProgram("mknod", USUAL_HOST_PATH));
  });
  afterAll(() => {
    rmSync(directory, { recursive: true });
    if (devices !== null) rmSync(devices.directory, { recursive: true });
  });

  async function run(
    command: string,
    limits: Partial<SandboxLimits>,
    also: Partial<BubblewrapHost> = {},
  ): Promise<SandboxResult> {
    const host: BubblewrapHost = {
      bash: "/bin/bash",
      bwrap: bwrap ?? "",
      cat: "/bin/cat",
      socat: null,
      filter: filter ?? Buffer.alloc(0),
      devices,
      programs: nodePrograms(),
      allowedHosts: [],
      controlGroups: false,
      install: "Install it.",
      ...also,
    };
    return await runInBubblewrap(host, { command, directory, limits, signal: new AbortController().signal });
  }

  const many = "for i in {1..40}; do sleep 5 & done; wait; echo through";

  test("too many processes end it", async () => {
    const result = await run(many, { processes: 20 });
    expect(result).toMatchObject({ ended_by: "signal", exit_code: null });
    expect(result.output).toContain("processes");
    expect(result.duration_ms).toBeLessThan(4000);
  });

  test("a bomb of processes ends with it", async () => {
    const result = await run("bomb() { sleep 0.02; bomb & bomb & wait; }; bomb", {
      processes: 20,
      time_ms: 10_000,
    });
    expect(result).toMatchObject({ ended_by: "signal" });
    expect(result.duration_ms).toBeLessThan(5000);
  });

  test("too many threads end it", async () => {
    const threads = `node -e 'const {Worker}=require("worker_threads");for(let i=0;i<20;i++)new Worker("setTimeout(()=>{},5000)",{eval:true})'`;
    expect(await run(threads, { processes: 20 })).toMatchObject({ ended_by: "signal" });
  });

  test("too much memory ends it", async () => {
    const hog = `node -e 'const a=[];setInterval(()=>a.push(Buffer.alloc(2e7,1)),10)'`;
    const result = await run(hog, { memory_bytes: 300 * 1024 ** 2, time_ms: 15_000 });
    expect(result).toMatchObject({ ended_by: "signal" });
    expect(result.output).toContain("bytes of memory");
  });

  test("what stays below goes on to its end", async () => {
    const result = await run("for i in {1..10}; do sleep 0.3 & done; wait; echo through", { processes: 20 });
    expect(result).toMatchObject({ exit_code: 0, output: "through\n" });
  });

  test("network without socat is refused before anything starts", async () => {
    const signal = new AbortController().signal;
    const host = {
      bash: "/bin/bash",
      bwrap: "/bin/false",
      cat: "/bin/cat",
      socat: null,
      filter: Buffer.alloc(0),
      devices: null,
    };
    const rest = { programs: [], allowedHosts: [], controlGroups: false, install: "Install it." };
    await expect(
      runInBubblewrap({ ...host, ...rest }, { command: "true", directory, network: ["a.test"], signal }),
    ).rejects.toThrow(/socat is missing. Install it./);
  });

  test("a bubblewrap that fails to start is told as such, with its own words", async () => {
    await expect(run("true", {}, { filter: Buffer.alloc(3) })).rejects.toThrow(SandboxUnavailableError);
    await expect(run("true", {}, { filter: Buffer.alloc(3) })).rejects.toThrow(/did not start.*Install it/s);
  });
});
