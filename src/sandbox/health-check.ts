import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { SandboxCommand, SandboxResult } from "../ports/sandbox.ts";

const CANARY = "orca-self-test";

/**
 * Runs something and looks whether it holds: null, or what does not. A sandbox that only says that it is one is worse
 * than none.
 */
export async function selfTest(
  run: (command: SandboxCommand) => Promise<SandboxResult>,
): Promise<string | null> {
  const place = await mkdtemp(join(tmpdir(), "ts-orca-self-test-"));
  const outside = await mkdtemp(join(tmpdir(), "ts-orca-self-test-"));
  const listener = createServer((connection) => {
    connection.on("error", () => undefined).end(CANARY);
  });
  try {
    await new Promise<void>((resolve) => {
      listener.listen(0, "127.0.0.1", resolve);
    });
    const { port } = listener.address() as AddressInfo;
    const { output } = await run({
      command: probes(outside, port),
      directory: place,
      env: { ORCA_SELF_TEST: CANARY },
      limits: { time_ms: 20_000 },
      signal: new AbortController().signal,
    });
    return faultIn(output, { place, outside });
  } finally {
    listener.close();
    await rm(place, { recursive: true, force: true });
    await rm(outside, { recursive: true, force: true });
  }
}

function probes(outside: string, port: number): string {
  return `
echo ${CANARY} > inside
{ echo ${CANARY} > '${outside}/outside'; } 2> /dev/null
{ : > /dev/tcp/127.0.0.1/${port}; } 2> /dev/null && echo network
names=$(compgen -e | sort | tr '\\n' ' '); echo "environment: $names"
echo "init: $(tr '\\0' ' ' < /proc/1/environ 2> /dev/null | wc -c)"
echo done`;
}

function faultIn(output: string, { place, outside }: { place: string; outside: string }): string | null {
  const lines = output.split("\n");
  if (!lines.includes("done")) return `The self-test did not run to its end: ${output.trim().slice(0, 400)}`;
  if (!existsSync(join(place, "inside"))) return "Commands can't write their own directory.";
  if (existsSync(join(outside, "outside"))) return "Commands can write outside of their directory.";
  if (lines.includes("network")) return "Commands can reach this machine's network.";
  const names =
    lines
      .find((line) => line.startsWith("environment: "))
      ?.split(" ")
      .slice(1)
      .filter(Boolean) ?? [];
  const known = ["HOME", "LANG", "OLDPWD", "ORCA_SELF_TEST", "PATH", "PWD", "SHLVL", "TMPDIR", "_"];
  const strange = names.filter((name) => !known.includes(name));
  if (strange.length > 0)
    return `Commands see more of the environment than they are given: ${strange.join(", ")}.`;
  if (!names.includes("ORCA_SELF_TEST")) return "Commands don't see the environment that they are given.";
  // PWD and SHLVL of the shell that starts it, and no more.
  if (Number(/^init: (\d+)$/m.exec(output)?.[1] ?? 0) > 64)
    return "Commands can read this server's environment.";
  return null;
}

/** The line that mends what can be told from here. */
export function adviceForLinux(): string {
  const install = "Run: apt-get install bubblewrap socat ripgrep";
  const advice = [
    { file: "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", value: "1" },
    { file: "/proc/sys/kernel/unprivileged_userns_clone", value: "0" },
    { file: "/proc/sys/user/max_user_namespaces", value: "0" },
  ].find(({ file, value }) => existsSync(file) && readFileSync(file, "utf8").trim() === value);
  if (advice === undefined)
    return `${install} (in a container, user namespaces must be allowed too: --security-opt seccomp=unconfined)`;
  const name = advice.file.slice("/proc/sys/".length).replaceAll("/", ".");
  const wanted = { "0": "1", "1": "0" }[advice.value];
  return `${install}, and allow user namespaces: sysctl -w ${name}=${name.endsWith("max_user_namespaces") ? "15000" : wanted}${
    name.includes("apparmor") ? " (or give bwrap an AppArmor profile with the rule `userns,`)" : ""
  }`;
}
