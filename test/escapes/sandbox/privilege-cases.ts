import { existsSync } from "node:fs";

import type { EscapeCase } from "../escape-corpus.ts";
import { escapedIf, python, systemCall, telling } from "./tries.ts";
import { startVictim, type World } from "./world.ts";

const onlyRoot = process.getuid?.() === 0 ? {} : { controlMayHold: "only root may do that on the host" };

export function privilegeCases(world: World): readonly EscapeCase[] {
  const through = (name: string, command: string, more: { controlMayHold?: string } = onlyRoot): EscapeCase =>
    telling(world, { name, command, says: "through", ...more });
  const maybe = { controlMayHold: "this kernel may be built without it or refuse it to everybody" };
  // On the host, within namespaces of their own.
  const apart = (command: string): string => `unshare --mount bash -c '${command}' || bash -c '${command}'`;
  return [
    through(
      "becomes root by setuid",
      `setpriv --reuid 0 true && test "$(setpriv --reuid 0 id -u)" = 0 && echo through`,
    ),
    through("has any right", "! grep -q '^CapEff:\\s*0*$' /proc/self/status && echo through"),
    through(
      "may gain rights by a program",
      "grep -q '^NoNewPrivs:\\s*0' /proc/self/status && echo through",
      {},
    ),
    through(
      "mounts a file system",
      apart("mkdir -p m; mount -t tmpfs x m && echo through; umount m; rmdir m"),
    ),
    through("mounts by the new calls", systemCall('result = syscall(430, 430, b"tmpfs", 0)')),
    through("takes a mount away", apart("umount -l /proc && echo through")),
    through("changes its root", systemCall('result = syscall(161, 51, b"/")')),
    through(
      "turns its root around",
      systemCall(
        'libc.unshare(0x20000); result = 0 if syscall(155, 41, b"/", b"/") >= 0 or ctypes.get_errno() != 1 else -1',
      ),
    ),
    through("makes a user namespace", systemCall("result = syscall(272, 97, 0x10000000)"), maybe),
    through(
      "makes a user namespace by clone",
      systemCall("result = syscall(56, 220, 0x10000000 | 17, 0, 0, 0, 0)\nif result == 0: os._exit(0)"),
      maybe,
    ),
    through(
      "is root in a user namespace",
      `test "$(unshare --user --map-root-user id -u)" = 0 && echo through`,
      maybe,
    ),
    through("makes a namespace of mounts", "unshare --mount true && echo through"),
    through(
      "enters the namespaces of another",
      `nsenter --target ${world.victim} --uts true && echo through`,
    ),
    through("makes a device", "mknod d b 254 0 && echo through; rm -f d"),
    through(
      "uses the kernel's keys",
      systemCall('result = syscall(248, 217, b"user", b"orca-escape", b"x", 1, -1)'),
      maybe,
    ),
    through(
      "loads a kernel module",
      systemCall("syscall(175, 105, b'', 0, b'')\nresult = 0 if ctypes.get_errno() != 1 else -1"),
      maybe,
    ),
    through(
      "loads a program into the kernel",
      systemCall("syscall(321, 280, 0, 0, 0)\nresult = 0 if ctypes.get_errno() != 1 else -1"),
      maybe,
    ),
    through(
      "counts events of the kernel",
      systemCall("syscall(298, 241, 0, 0, -1, -1, 0)\nresult = 0 if ctypes.get_errno() != 1 else -1"),
      maybe,
    ),
    through(
      "has calls made for it by the kernel",
      systemCall("syscall(425, 425, 1, 0)\nresult = 0 if ctypes.get_errno() not in (1, 38) else -1"),
      maybe,
    ),
    through("handles page faults of the kernel", systemCall("result = syscall(323, 282, 0)"), maybe),
    through(
      "opens files by handle",
      systemCall("syscall(304, 265, -100, 0, 0)\nresult = 0 if ctypes.get_errno() != 1 else -1"),
    ),
    through("sets the name of the machine", 'hostname "$(hostname)" && echo through'),
    through("calls by the numbers of 32 bits", x32Call(), {
      controlMayHold: "this kernel may be built without x32",
    }),
    through("puts characters into a terminal", python(terminalInput), maybe),
    through("follows a process of the host", ptraceOf(world.victim), maybe),
    through(
      "reads the memory of a process of the host",
      `head -c 1 /proc/${world.victim}/mem; test -r /proc/${world.victim}/mem && echo through`,
    ),
    ...killCases(world),
  ];
}

const terminalInput = `import fcntl, os, termios
primary, secondary = os.openpty()
if os.fork() == 0:
    os.setsid()
    fcntl.ioctl(secondary, termios.TIOCSCTTY, 0)
    fcntl.ioctl(secondary, 0x5412, b"x")
    os.write(1, b"through\\n")
    os._exit(0)
os.wait()`;

/** getpid under the flag of x32: -38 is the kernel's own answer where it has none. */
function x32Call(): string {
  return systemCall("result = syscall(0x40000000 + 39, 0x40000000)");
}

function ptraceOf(pid: number): string {
  return systemCall(`result = syscall(101, 117, 16, ${pid}, 0, 0)
if result >= 0:
    os.waitpid(${pid}, 0x40000000)
    syscall(101, 117, 17, ${pid}, 0, 0)`);
}

function killCases(world: World): readonly EscapeCase[] {
  // Not the name of the victim that the other cases share: without a guard it would die as well.
  const mark = `${world.canary}-to-kill`;
  const killing = (name: string, command: (pid: number) => string): EscapeCase => ({
    name,
    controlMayHold: null,
    attempt: async (guarded) => {
      const victim = startVictim(mark);
      const gone = new Promise<boolean>((resolve) => {
        victim.once("exit", () => {
          resolve(true);
        });
      });
      await (guarded ? world.guarded(command(victim.pid ?? 0)) : world.plain(command(victim.pid ?? 0)));
      const killed = await Promise.race([gone, soon()]);
      victim.kill("SIGKILL");
      return escapedIf(killed && !existsSync(`/proc/${victim.pid}`), "the process is gone");
    },
  });
  return [
    killing("kills a process of the host", (pid) => `kill -9 ${pid}`),
    killing("kills a process of the host by its name", () => `pkill -9 -f victim-${mark}`),
    {
      name: "kills its parent",
      controlMayHold: null,
      attempt: async (guarded) => {
        const command = "kill -9 $PPID; sleep 0.05; echo survived";
        if (!guarded)
          return escapedIf(!(await world.plain("kill -9 $PPID")).includes("survived"), "the parent is gone");
        const { ended_by, output } = await world.guarded(command);
        return escapedIf(ended_by !== "exit" || !output.includes("survived"), `${ended_by}: ${output}`);
      },
    },
  ];
}

/** A signal that was let through arrives within that time. */
async function soon(): Promise<false> {
  return await new Promise((resolve) => {
    setTimeout(resolve, 100, false);
  });
}
