import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { afterEach, beforeEach, expect, test } from "vitest";

import { Unpacked } from "../../src/bundle/unpacked.testsuite.ts";
import { CliUser } from "./cli-command.ts";

let user: CliUser;
beforeEach(async () => {
  user = await CliUser.create();
});
afterEach(() => user.leave());

type Report = {
  readonly findings: { readonly check: string; readonly status: string; readonly detail: string }[];
};

test("the demo ends with the receipt that failed and the one that passed, and says how they were confined", async () => {
  const [report] = (await user.orca("doctor", "--json")).records() as Report[];
  const sandbox = report?.findings.find(({ check }) => check === "sandbox");
  expect(report?.findings.find(({ check }) => check === "git")).toMatchObject({ status: "ok" });
  const { code, stdout } = await user.orca("demo");
  expect(code).toBe(0);
  expect(stdout).toMatch(/saw when it ran the work itself:\n +FAIL +r\d+ +cycle 0 .*\n +ok +r\d+ +cycle 1 /);
  expect(stdout).toContain("completed, verified");
  const confined = sandbox?.status !== "FAIL";
  if (!confined) process.stderr.write(`no sandbox here (${sandbox?.detail}): the demo has to say so\n`);
  expect(stdout.includes("so the demo's own code runs without one")).toBe(!confined);
  const [, id = "", directory = ""] = /workflows show (\S+) --data-dir (\S+)/.exec(stdout) ?? [];
  await verifyBundle(id, directory);
});

/** That the archive verifies, and names what was asked for, what became of it and what was run. */
async function verifyBundle(id: string, directory: string): Promise<void> {
  const place = ["--data-dir", directory];
  const { code, stdout } = await user.orca("workflows", "bundle", id, ...place, "--format", "tar.gz");
  expect(code).toBe(0);
  await using unpacked = await Unpacked.from(await readFile(stdout.trim()), "tar.gz");
  expect(await unpacked.verify()).toContain("files/README.md: OK");
  const manifest = JSON.parse(await unpacked.read("manifest.json")) as unknown;
  expect(manifest).toMatchObject({
    workflow: { id },
    verdict: "verified",
    criteria: expect.arrayContaining([expect.objectContaining({ id: "AC1", verdict: "met" })]),
    receipts: expect.arrayContaining([expect.objectContaining({ name: "node: test", exit_code: 0 })]),
  });
}

type Ended = { readonly code: number | null; readonly stdout: string };

/** Runs a command where the programs bwrap and git are not to be had: bubblewrap itself hides them. */
async function withoutPrograms(...args: string[]): Promise<Ended> {
  const places = ["/usr/bin/bwrap", "/usr/bin/git", "/bin/bwrap", "/bin/git", "/usr/local/bin/git"];
  const hidden = places.filter(existsSync).flatMap((program) => ["--ro-bind", "/dev/null", program]);
  const orca = [process.execPath, join(import.meta.dirname, "../../scripts/orca.mjs"), ...args];
  const [program = "", ...rest] = existsSync("/usr/bin/bwrap")
    ? ["/usr/bin/bwrap", "--dev-bind", "/", "/", ...hidden, ...orca]
    : orca;
  const env = { PATH: "/usr/bin:/bin", HOME: user.home, LANG: "C.UTF-8" };
  const child = spawn(program, rest, { cwd: user.home, env, stdio: ["ignore", "pipe", "inherit"] });
  const [stdout, [code]] = await Promise.all([
    text(child.stdout),
    once(child, "close") as Promise<[number | null]>,
  ]);
  return { code, stdout };
}

test("where bubblewrap is missing the doctor says what to install, and the demo that it runs without", async () => {
  const doctor = await withoutPrograms("doctor");
  expect(doctor.code).toBe(69);
  expect(doctor.stdout).toMatch(/FAIL +sandbox +.*\n +.*install/i);
  expect(doctor.stdout).toMatch(/warn +git +not found.*\n +install it: apt-get install git/);
  const demo = await withoutPrograms("demo");
  expect(demo.stdout).toContain("There is no sandbox here, so the demo's own code runs without one");
  expect(demo.stdout).toContain("completed, verified");
});

test("an unsafe sandbox is a warning", async () => {
  const doctor = user.start(["doctor"], { ORCA_SANDBOX: "unsafe" });
  doctor.child.stdin.end();
  const { code, stdout } = await doctor.ended;
  expect(code).toBe(0);
  expect(stdout).toMatch(/warn +sandbox +sandbox is unsafe/);
});
