import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";

export type Hosted = {
  readonly guarded: boolean;
  readonly directory: string;
  readonly command: string;
  /** A file that the server has open, in a way that goes on to its children. */
  readonly inherited?: string;
};

/** Runs a command from a server of its own, a process that can be killed. */
export function runHosted(hosted: Hosted): {
  readonly server: ChildProcess;
  readonly output: () => Promise<string>;
} {
  const file = hosted.inherited === undefined ? null : openSync(hosted.inherited, "r");
  const server = spawn(
    process.execPath,
    [fileURLToPath(new URL("hosting-server.ts", import.meta.url)), JSON.stringify(hosted)],
    // Far from the numbers that the sandbox uses itself.
    {
      stdio: [
        "ignore",
        "pipe",
        "inherit",
        ...Array<"ignore">(14).fill("ignore"),
        ...(file === null ? [] : [file]),
      ],
    },
  );
  if (file !== null) closeSync(file);
  let said = "";
  server.stdout?.setEncoding("utf8").on("data", (text: string) => (said += text));
  const ended = new Promise<void>((resolve) => {
    server.once("close", () => {
      resolve();
    });
  });
  return {
    server,
    output: async () => {
      await ended;
      return said;
    },
  };
}
