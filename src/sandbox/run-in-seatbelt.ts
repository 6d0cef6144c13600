import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { type SandboxCommand, type SandboxResult, USUAL_LIMITS } from "../ports/sandbox.ts";
import { checkedEnvironment, searchPath } from "./jail-arguments.ts";
import { kill } from "./process-tree.ts";
import { endOf, supervise } from "./supervise.ts";

const NOTHING = {
  network: { allowedDomains: [], deniedDomains: [] },
  filesystem: { denyRead: [], allowWrite: [], denyWrite: [] },
};
/** Of a Mac, what people keep there. */
const HIDDEN = [
  "/Users",
  "/Volumes",
  "/private/var/root",
  "/private/tmp",
  "/private/var/folders",
  "/private/etc/ssh",
];

/**
 * On macOS, by the library's profile; the library keeps one session for the whole process. macOS limits neither memory
 * nor processes of one tree, so neither is limited here, and what leaves its process group outlives the command.
 */
export async function runInSeatbelt(
  command: SandboxCommand,
  allowedHosts: readonly string[],
): Promise<SandboxResult> {
  const { SandboxManager } = await import("@anthropic-ai/sandbox-runtime");
  await SandboxManager.initialize(NOTHING);
  const limits = { ...USUAL_LIMITS, ...command.limits };
  const commandId = randomBytes(16).toString("base64url");
  const place = await realpath(await mkdtemp(join(tmpdir(), "ts-orca-sandbox-")));
  SandboxManager.registerCommandNetworkLists(commandId, {
    allowedDomains: (command.network ?? []).filter((host) => allowedHosts.includes(host)),
  });
  try {
    const { argv } = await SandboxManager.wrapWithSandboxArgv(
      `export TMPDIR='${place}'; ulimit -c 0; ulimit -f ${Math.max(1, Math.floor(limits.file_bytes / 1024))}
${command.command}`,
      "bash",
      {
        filesystem: {
          denyRead: HIDDEN,
          allowRead: [command.directory, place, dirname(process.execPath), ...(command.readable ?? [])],
          allowWrite: [command.directory, place],
          denyWrite: [],
        },
      },
      command.signal,
      command.directory,
      { commandId },
    );
    const child = spawn("/bin/bash", ["-c", 'exec 2>&1; exec "$@"', "seatbelt", ...argv], {
      cwd: command.directory,
      env: {
        PATH: searchPath(dirname(process.execPath)),
        HOME: place,
        LANG: "C.UTF-8",
        ...checkedEnvironment(command.env ?? {}),
      },
      detached: true,
      stdio: ["ignore", "pipe", "ignore"],
    });
    const end = (): void => {
      if (child.pid !== undefined) kill(-child.pid);
    };
    child.once("exit", end);
    const ended = await supervise({ child, limits, signal: command.signal, kill: end });
    const { code, stopped, output, duration_ms } = ended;
    if (stopped !== null) return { exit_code: null, ended_by: stopped, output, duration_ms };
    return { ...endOf(code), output, duration_ms };
  } finally {
    SandboxManager.unregisterCommandNetworkLists(commandId);
    SandboxManager.cleanupAfterCommand();
    await rm(place, { recursive: true, force: true });
  }
}

export async function closeSeatbelt(): Promise<void> {
  const { SandboxManager } = await import("@anthropic-ai/sandbox-runtime");
  await SandboxManager.reset();
}
