import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, describe, expect, test } from "vitest";

import type { ToolchainStage } from "../ports/toolchain.ts";
import { classifyOutcome } from "./classify-outcome.ts";
import { stage } from "./toolchain.ts";

const directory = mkdtempSync(join(tmpdir(), "orca-classify-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const npmInstall = stage({
  stage: "prepare",
  command: "npm install",
  requires: ["node", "npm"],
  network: ["registry.npmjs.org"],
});
const goBuild = stage({ stage: "build", command: "go build ./...", requires: ["go"] });
const makeBuild = stage({ stage: "build", command: "make -s build", requires: ["make"] });

const statusOf = (of: ToolchainStage, exit_code: number | null, output: string) =>
  classifyOutcome(of, { exit_code, output }).status;

/** What a real shell says. */
function run(command: string): { readonly exit_code: number | null; readonly output: string } {
  const ran = spawnSync("bash", ["-c", `exec 2>&1; ${command}`], { cwd: directory, encoding: "utf8" });
  return { exit_code: ran.status, output: ran.stdout };
}

describe("a missing program", () => {
  const needs = (program: string) =>
    stage({ stage: "build", command: `${program} build`, requires: [program] });

  test.each(["orca-none build", "cd . && X=1 orca-none build", "env orca-none", "sh -c 'orca-none'"])(
    "that the stage needs is not the tree's fault: %s",
    (command) => {
      expect(classifyOutcome(needs("orca-none"), run(command))).toEqual({
        status: "unavailable",
        message: "orca-none was not found: install it and put it on the PATH of the server.",
      });
    },
  );

  test("in a script's first line", () => {
    writeFileSync(join(directory, "a.sh"), "#!/usr/bin/env orca-none\n", { mode: 0o755 });
    expect(classifyOutcome(needs("orca-none"), run("./a.sh")).status).toBe("unavailable");
  });

  test("that a script of the tree calls is its own fault", () => {
    const failure = classifyOutcome(needs("bash"), run("orca-none"));
    expect(failure).toEqual({
      status: "failed",
      message: "The build command ended with exit code 127: bash build",
    });
  });

  test("that is only spoken of is there", () => {
    expect(statusOf(needs("orca-none"), 1, "orca-none: command not found")).toBe("failed");
  });

  test("a compiler that make calls", () => {
    writeFileSync(join(directory, "Makefile"), "build:\n\tcc a.c\n");
    const make = execFileSync("which", ["make"], { encoding: "utf8" }).trim();
    const outcome = run(`PATH=/nowhere ${make} -s build`);
    expect(outcome.exit_code).toBe(2);
    expect(classifyOutcome(makeBuild, outcome).message).toContain("build-essential");
    expect(statusOf(goBuild, 2, outcome.output)).toBe("failed");
  });
});

describe("a registry", () => {
  test.each([
    "npm error code ENOTFOUND\nnpm error network request to https://registry.npmjs.org/a failed, reason: getaddrinfo ENOTFOUND registry.npmjs.org",
    "npm error code ECONNREFUSED\nnpm error syscall connect",
    "npm error code E503\nnpm error 503 Service Unavailable - GET https://registry.npmjs.org/a",
    "npm error code ETIMEDOUT",
  ])("that does not answer is not the tree's fault: %s", (output) => {
    const failure = classifyOutcome(npmInstall, { exit_code: 1, output });
    expect(failure).toEqual({
      status: "unavailable",
      message: expect.stringContaining("registry.npmjs.org"),
    });
  });

  test.each([
    "npm error code E404\nnpm error 404 Not Found - GET https://registry.npmjs.org/left-padd - Not found",
    "npm error code ETARGET\nnpm error notarget No matching version found for a@99",
    "npm error code EUSAGE\nnpm error `npm ci` can only install packages when your package.json and package-lock.json are in sync",
    "npm error code ENOTFOUND\nnpm error getaddrinfo ENOTFOUND git.example.com",
  ])("that has no such package, or another host, is: %s", (output) => {
    expect(statusOf(npmInstall, 1, output)).toBe("failed");
  });

  test.each([
    [
      "WARNING: Retrying (Retry(total=4)) after connection broken by 'ProxyError('Cannot connect to proxy.', NewConnectionError('<pip._vendor.urllib3.connection.HTTPSConnection object at 0x7>: Failed to establish a new connection: [Errno 111] Connection refused'))': /simple/requests/\nERROR: No matching distribution found for requests",
      "pypi.org",
    ],
    [
      'github.com/pkg/errors: Get "https://proxy.golang.org/github.com/pkg/errors/@v/v0.9.1.zip": proxyconnect tcp: dial tcp 127.0.0.1:9: connect: connection refused',
      "proxy.golang.org",
    ],
    ["error: download of config.json failed\n  Could not resolve host: index.crates.io", "index.crates.io"],
    [
      "[ERROR] Could not transfer artifact: repo.maven.apache.org: Temporary failure in name resolution",
      "repo.maven.apache.org",
    ],
  ])("of other toolchains: %.60s…", (output, host) => {
    const prepare = stage({ stage: "prepare", command: "x", requires: ["x"], network: [host] });
    expect(statusOf(prepare, 1, output)).toBe("unavailable");
  });

  test("is asked by stages with network alone: a test that needs one is wrong", () => {
    const npmTest = stage({ stage: "test", command: "npm test", requires: ["node", "npm"] });
    expect(statusOf(npmTest, 1, "Error: connect ECONNREFUSED 127.0.0.1:5432")).toBe("failed");
  });
});

test.each([
  [goBuild, "go: go.mod requires go >= 1.99 (running go 1.26.8; GOTOOLCHAIN=local)"],
  [goBuild, "write /tmp/x: no space left on device"],
  [npmInstall, "npm error code ENOSPC"],
  [
    stage({ stage: "build", command: "cargo build", requires: ["cargo"] }),
    "error: rustup could not choose a version of cargo to run",
  ],
])("a machine that can't: %#", (of, output) => {
  expect(statusOf(of, 1, output)).toBe("unavailable");
});

test("a plain failure names the command and how it ended", () => {
  expect(classifyOutcome(goBuild, { exit_code: 1, output: "a.go:1: syntax error" })).toEqual({
    status: "failed",
    message: "The build command ended with exit code 1: go build ./...",
  });
  expect(classifyOutcome(goBuild, { exit_code: null, output: "" }).message).toContain(
    "was ended by a signal",
  );
});

test("long hostile output is read quickly", () => {
  const before = performance.now();
  for (const output of [
    "ENOTFOUND ".concat("1.".repeat(500_000)),
    "a.".repeat(500_000),
    "ENOTFOUND\n".repeat(100_000),
  ])
    classifyOutcome(npmInstall, { exit_code: 1, output });
  expect(performance.now() - before).toBeLessThan(1_000);
});
