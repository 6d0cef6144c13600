import { existsSync, rmSync } from "node:fs";

import type { SandboxCommand } from "../../../src/ports/sandbox.ts";
import type { EscapeCase, Outcome } from "../escape-corpus.ts";
import type { World } from "./world.ts";

const contained: Outcome = { kind: "contained" };

export function escapedIf(escaped: boolean, what: string): Outcome {
  return escaped ? { kind: "escaped", what } : contained;
}

type Try = {
  readonly name: string;
  readonly command: string;
  /** What it prints when it gets through; the secret itself when this is missing. */
  readonly says?: string;
  readonly also?: Partial<SandboxCommand>;
  /** Instead of a plain shell, where that would harm this machine or can't show it. */
  readonly control?: () => Promise<string>;
  readonly controlMayHold?: string;
};

/** One that gets through prints something that it could not print otherwise. */
export function telling(
  world: World,
  { name, command, says, also, control, controlMayHold }: Try,
): EscapeCase {
  const wanted = says ?? world.canary;
  return {
    name,
    controlMayHold: controlMayHold ?? null,
    attempt: async (guarded) => {
      const output = guarded
        ? (await world.guarded(command, also)).output
        : await (control?.() ?? world.plain(command));
      return escapedIf(output.includes(wanted), output.slice(0, 300));
    },
  };
}

/** One that gets through leaves a file at `path`; it is taken away again. */
export function writing(
  world: World,
  { name, command, path }: { name: string; command: string; path: string },
): EscapeCase {
  return {
    name,
    controlMayHold: process.getuid?.() === 0 ? null : "only root may write there",
    attempt: async (guarded) => {
      await (guarded ? world.guarded(command) : world.plain(command));
      const written = existsSync(path);
      rmSync(path, { force: true });
      return escapedIf(written, `${path} is there`);
    },
  };
}

/** A short program of Python, which has the system calls that a shell lacks. */
export function python(code: string): string {
  return `/usr/bin/python3 - 2>&1 <<'PYTHON'\n${code}\nPYTHON`;
}

/** Prints "through" when the system call does not fail; \`syscall\` is libc's. */
export function systemCall(code: string): string {
  return python(`import ctypes, os, platform
libc = ctypes.CDLL(None, use_errno=True)
arm = platform.machine() == "aarch64"
def syscall(x64, arm64, *arguments):
    return libc.syscall(ctypes.c_long(arm64 if arm else x64), *arguments)
${code}
print("through" if result >= 0 else "refused: " + os.strerror(ctypes.get_errno()))`);
}
