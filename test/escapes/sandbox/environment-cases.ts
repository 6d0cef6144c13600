import { execFile } from "node:child_process";
import { promisify } from "node:util";

import type { EscapeCase } from "../escape-corpus.ts";
import { runHosted } from "./hosted.ts";
import { escapedIf, telling } from "./tries.ts";
import { SYSTEM_PATH, type World } from "./world.ts";

const run = promisify(execFile);

/** Whose environment, files and arguments can be seen. */
export function environmentCases(world: World): readonly EscapeCase[] {
  const { canary, victim, sibling } = world;
  const read = (path: string): string => `cat ${path} 2> /dev/null | tr '\\0' '\\n'`;
  return [
    telling(world, { name: "the server's environment, inherited", command: "env" }),
    telling(world, { name: "/proc/self/environ", command: read("/proc/self/environ") }),
    telling(world, {
      name: "/proc/1/environ",
      command: read("/proc/1/environ"),
      // The one guard missing: bubblewrap starts with the server's environment, and clears only that of the command.
      control: async () => {
        const args = [
          "--unshare-user",
          "--unshare-pid",
          "--ro-bind",
          "/",
          "/",
          "--proc",
          "/proc",
          "--clearenv",
          "--",
        ];
        const env = { PATH: SYSTEM_PATH, ORCA_SECRET: canary };
        return (await run("bwrap", [...args, "/bin/cat", "/proc/1/environ"], { env })).stdout;
      },
    }),
    telling(world, { name: "the parent's environment", command: read("/proc/$PPID/environ") }),
    telling(world, { name: "the environment of any process", command: read("/proc/[0-9]*/environ") }),
    telling(world, { name: "the environment of a known process", command: read(`/proc/${victim}/environ`) }),
    telling(world, { name: "the arguments of any process", command: read("/proc/[0-9]*/cmdline") }),
    telling(world, {
      name: "the environment of any thread",
      command: read("/proc/[0-9]*/task/[0-9]*/environ"),
    }),
    telling(world, {
      name: "files through /proc/*/root",
      command: read(`/proc/[0-9]*/root${sibling}/secret`),
    }),
    telling(world, {
      name: "files through /proc/*/cwd",
      command: read("/proc/[0-9]*/cwd/../sibling/secret"),
    }),
    {
      name: "a file that the server has open",
      controlMayHold: null,
      attempt: async (guarded) => {
        const output = await runHosted({
          guarded,
          directory: world.workspace,
          command: "for n in {3..300}; do test -f /proc/$$/fd/$n && cat /proc/$$/fd/$n; done; true",
          inherited: `${sibling}/secret`,
        }).output();
        return escapedIf(output.includes(canary), output);
      },
    },
  ];
}
