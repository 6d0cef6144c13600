import { rmSync, statSync } from "node:fs";
import { join } from "node:path";

import type { SandboxLimits } from "../../../src/ports/sandbox.ts";
import type { EscapeCase } from "../escape-corpus.ts";
import { runHosted } from "./hosted.ts";
import { escapedIf, python } from "./tries.ts";
import { processesMarked, type World } from "./world.ts";

const MEGABYTE = 1024 ** 2;

export function resourceCases(world: World): readonly EscapeCase[] {
  return [...limitCases(world), ...survivorCases(world)];
}

/** Here the control is the same sandbox with the one limit lifted, for the sake of this machine. */
function limitCases(world: World): readonly EscapeCase[] {
  type Limited = {
    name: string;
    command: string;
    limit: Partial<SandboxLimits>;
    lifted: Partial<SandboxLimits>;
  };
  const limited = ({ name, command, limit, lifted }: Limited): EscapeCase => ({
    name,
    controlMayHold: null,
    attempt: async (guarded) => {
      const { output } = await world.guarded(command, {
        limits: { time_ms: 20_000, ...(guarded ? limit : lifted) },
      });
      rmSync(join(world.workspace, "big"), { force: true });
      return escapedIf(output.includes("through") || output.length > MEGABYTE, output.slice(0, 300));
    },
  });
  const forks = python(`import os, time
for i in range(40):
    if os.fork() == 0:
        time.sleep(2)
        os._exit(0)
print("through")`);
  const threads = python(`import threading, time
for i in range(40): threading.Thread(target=time.sleep, args=(1,)).start()
print("through")`);
  const processes = { limit: { processes: 20 }, lifted: { processes: 100 } };
  const memory = { limit: { memory_bytes: 128 * MEGABYTE }, lifted: { memory_bytes: 2048 * MEGABYTE } };
  const file = { limit: { file_bytes: 10 * MEGABYTE }, lifted: { file_bytes: 11 * 1024 * MEGABYTE } };
  const time = { limit: { time_ms: 300 }, lifted: {} };
  // In two parts: of what it kills, the shell shows the text.
  const keep = python(
    `x = bytearray(300 << 20)\nfor i in range(0, len(x), 4096): x[i] = 1\nprint("thr" "ough")`,
  );
  const spread = python(`import os, time
for i in range(10):
    if os.fork() == 0:
        x = bytearray(30 << 20)
        for j in range(0, len(x), 4096): x[j] = 1
        time.sleep(0.7)
        os._exit(0)
print("thr" "ough" if all(os.wait()[1] == 0 for i in range(10)) else "ended")`);
  const shared = python(`import mmap
x = mmap.mmap(-1, 300 << 20)
for i in range(0, len(x), 4096): x[i] = 1
print("thr" "ough")`);
  const fill = (file_: string): string =>
    `dd if=/dev/zero of=${file_} bs=1M count=200 2> /dev/null && echo through`;
  return [
    limited({ name: "starts ever more processes", command: forks, ...processes }),
    limited({ name: "starts ever more threads", command: threads, ...processes }),
    limited({ name: "takes memory", command: keep, ...memory }),
    limited({ name: "takes memory in many processes", command: spread, ...memory }),
    limited({ name: "takes shared memory", command: shared, ...memory }),
    limited({ name: "takes memory as files in /tmp", command: fill("/tmp/big"), ...memory }),
    limited({
      name: "takes memory as files in /dev/shm",
      command: fill("/dev/shm/big"),
      ...memory,
      lifted: { memory_bytes: 4096 * MEGABYTE },
    }),
    limited({ name: "takes memory as files in HOME", command: fill("~/big"), ...memory }),
    limited({
      name: "writes a long file",
      command: "dd if=/dev/zero of=big bs=1M count=20 2> /dev/null && echo through",
      ...file,
    }),
    limited({
      name: "makes a file of 10 GB with a hole",
      command: "truncate -s 10G big && echo through",
      ...file,
    }),
    limited({
      name: "prints without end",
      command: "yes | head -c 5000000",
      limit: { output_bytes: 10_000 },
      lifted: { output_bytes: 10_000_000 },
    }),
    limited({ name: "takes its time", command: "sleep 1; echo through", ...time }),
    limited({
      name: "takes its time whatever it is told",
      command: "trap '' TERM INT HUP; sleep 1; echo through",
      ...time,
    }),
    limited({
      name: "turns without end",
      command: "end=$((SECONDS + 2)); while ((SECONDS < end)); do :; done; echo through",
      ...time,
    }),
  ];
}

function survivorCases(world: World): readonly EscapeCase[] {
  const surviving = (name: string, command: (mark: string) => string): EscapeCase => ({
    name,
    controlMayHold: null,
    attempt: async (guarded) => {
      const mark = `${world.name}-${statSync(world.workspace).ino}-${name.length}`;
      if (guarded) await world.guarded(command(mark));
      else await world.plain(command(mark));
      return endAndTell(mark);
    },
  });
  const sleeper = (mark: string): string => `exec -a ${mark} sleep 60`;
  return [
    surviving("leaves a process in the background", (mark) => `(${sleeper(mark)}) & sleep 0.1`),
    surviving(
      "leaves a process in a session of its own",
      (mark) => `setsid bash -c '${sleeper(mark)}' & sleep 0.1`,
    ),
    surviving("leaves a daemon, forked twice", (mark) =>
      python(`import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for fd in range(3): os.close(fd)
        os.execv("/bin/sleep", ["${mark}", "60"])
    os._exit(0)
os.wait(); time.sleep(0.1)`),
    ),
    {
      name: "outlives a killed server",
      controlMayHold: null,
      attempt: async (guarded) => {
        const mark = `${world.name}-server-${guarded}`;
        const command = `setsid bash -c '${sleeper(mark)}' & exec -a ${mark} sleep 60`;
        const { server, output } = runHosted({ guarded, directory: world.workspace, command });
        // The text of the command has the mark as well: only its own processes are called so.
        await until(() => processesMarked(`${mark}\0`).length >= 2, 15_000);
        server.kill("SIGKILL");
        await output();
        await until(() => processesMarked(`${mark}\0`).length === 0, guarded ? 5000 : 300);
        return endAndTell(mark);
      },
    },
  ];
}

function endAndTell(mark: string): ReturnType<typeof escapedIf> {
  const left = processesMarked(`${mark}\0`);
  for (const pid of processesMarked(mark)) process.kill(pid, "SIGKILL");
  return escapedIf(left.length > 0, `${left.length} processes go on`);
}

/** Asks ever again, for what tells nobody; gives up quietly after `most` milliseconds. */
async function until(condition: () => boolean, most: number): Promise<void> {
  const end = performance.now() + most;
  while (!condition() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 10));
}
