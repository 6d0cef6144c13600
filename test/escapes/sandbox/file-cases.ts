import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

import type { EscapeCase } from "../escape-corpus.ts";
import { escapedIf, python, telling, writing } from "./tries.ts";
import type { World } from "./world.ts";

const onlyRoot = process.getuid?.() === 0 ? {} : { controlMayHold: "only root may do that on the host" };

export function fileCases(world: World): readonly EscapeCase[] {
  return [
    ...writeCases(world),
    ...linkCases(world),
    ...kernelFileCases(world),
    ...setIdCases(world),
    ...readCases(world),
  ];
}

function writeCases(world: World): readonly EscapeCase[] {
  const { sibling, data } = world;
  const name = `${world.name}-written`;
  const directories = ["/", "/usr", "/usr/local/bin", "/etc", "/tmp", "/var/tmp", "/dev/shm", "/run", "/opt"];
  return [
    ...directories
      .filter((directory) => existsSync(directory))
      .map((directory) => {
        const path = join(directory, name);
        return writing(world, { name: `writes ${directory} of the host`, command: `echo x > ${path}`, path });
      }),
    ...[sibling, data].map((directory) => {
      const path = join(directory, name);
      const command = `mkdir -p ${directory}; echo x > ${path}`;
      return writing(world, { name: `writes the ${directory.split("/").at(-1)} directory`, command, path });
    }),
    writing(world, {
      name: "writes through ..",
      command: `echo x > ../sibling/${name}; echo x > $PWD/../sibling/${name}`,
      path: join(sibling, name),
    }),
    writing(world, {
      name: "mends a mount to be writable",
      command: `mount -o remount,bind,rw /usr; echo x > /usr/lib/${name}`,
      path: `/usr/lib/${name}`,
    }),
  ];
}

function linkCases(world: World): readonly EscapeCase[] {
  const { name, sibling, workspace } = world;
  const path = join(sibling, name);
  return [
    writing(world, {
      name: "writes through a symbolic link to a directory",
      command: `ln -sfn ${sibling} out; echo x > out/${name}; rm -f out`,
      path,
    }),
    writing(world, {
      name: "writes through a symbolic link to a file",
      command: `ln -sfn ${path} out; echo x > out; rm -f out`,
      path,
    }),
    {
      name: "writes through a hard link",
      controlMayHold: null,
      attempt: async (guarded) => {
        const command = `ln ${sibling}/secret hard && echo ${name} >> hard; rm -f hard`;
        await (guarded ? world.guarded(command) : world.plain(command));
        return escapedIf(
          readFileSync(join(sibling, "secret"), "utf8").includes(name),
          "the file has changed",
        );
      },
    },
    writing(world, {
      name: "writes through a bind mount",
      // Of its own namespace of mounts on the host, for the sake of the host.
      command: `mkdir -p m; inside="mount --bind ${sibling} m && echo x > m/${name}"
unshare --mount bash -c "$inside" || bash -c "$inside"; rmdir m`,
      path,
    }),
    {
      name: "moves its directory away from under the server",
      controlMayHold: null,
      attempt: async (guarded) => {
        const command = `mv ${workspace} ${workspace}-moved && mv ${workspace}-moved ${workspace} && echo through`;
        const output = guarded ? (await world.guarded(command)).output : await world.plain(command);
        return escapedIf(output.includes("through"), "it was moved and moved back");
      },
    },
  ];
}

function kernelFileCases(world: World): readonly EscapeCase[] {
  const same = (file: string): string => `value=$(cat ${file}) && echo "$value" > ${file} && echo through`;
  const disk = readdirSync("/dev").find((name) => /^(vd|sd|xvd|nvme)/.test(name));
  const group = `/sys/fs/cgroup/pids/${world.name}`;
  return [
    telling(world, {
      name: "changes a kernel setting",
      command: same("/proc/sys/vm/overcommit_ratio"),
      says: "through",
      ...onlyRoot,
    }),
    telling(world, {
      name: "changes what the kernel runs for a dump",
      command: same("/proc/sys/kernel/core_pattern"),
      says: "through",
      ...onlyRoot,
    }),
    telling(world, {
      name: "changes the mode of a device of the host",
      command: "chmod 666 /dev/null && echo through",
      says: "through",
      ...onlyRoot,
    }),
    telling(world, {
      name: "changes the mode of the terminal device of the host",
      command: "chmod 666 /dev/tty && echo through",
      says: "through",
      ...onlyRoot,
    }),
    telling(world, {
      name: "reads the disk itself",
      command: `test "$(head -c 4096 /dev/${disk ?? "vda"} | wc -c)" = 4096 && echo through`,
      says: "through",
      controlMayHold: "there may be no disk to read",
    }),
    telling(world, {
      name: "makes a control group",
      command: `mkdir ${group} && rmdir ${group} && echo through`,
      says: "through",
      controlMayHold: "only root can, and only with control groups of the first version",
    }),
  ];
}

function setIdCases(world: World): readonly EscapeCase[] {
  const path = join(world.workspace, "left");
  const leaving = (name: string, command: string): EscapeCase => ({
    name,
    controlMayHold: null,
    attempt: async (guarded) => {
      await (guarded ? world.guarded(command) : world.plain(command));
      const mode = existsSync(path) ? statSync(path).mode & 0o6000 : 0;
      rmSync(path, { force: true });
      return escapedIf(mode !== 0, `a program with mode ${mode.toString(8)} is left behind`);
    },
  });
  return [
    leaving("leaves a setuid program by chmod", "cp /bin/true left; chmod 4755 left"),
    leaving("leaves a setgid program by chmod", "cp /bin/true left; chmod 2755 left"),
    leaving(
      "leaves a setuid program by open",
      python('import os; os.close(os.open("left", os.O_CREAT | os.O_WRONLY, 0o4755))'),
    ),
    leaving(
      "leaves a setuid program by fchmod",
      python('import os; f = open("left", "w"); os.fchmod(f.fileno(), 0o4755)'),
    ),
    leaving("leaves a setuid program by install", "install -m 6755 /bin/true left"),
  ];
}

function readCases(world: World): readonly EscapeCase[] {
  const project = resolve(import.meta.dirname, "../../..");
  const reading = (name: string, path: string): EscapeCase =>
    telling(world, { name: `reads ${name}`, command: `cat ${path}` });
  return [
    reading("a file in the home directory", world.homeSecret),
    reading("the data directory", join(world.data, "secret")),
    reading("another workspace", join(world.sibling, "secret")),
    reading("another workspace by a link", `$(ln -sfn ${world.sibling}/secret l; echo l; )`),
    telling(world, {
      name: "reads /run of the host",
      command: `cat ${world.runSecret}`,
      ...onlyRoot,
    }),
    telling(world, {
      name: "reads the project",
      command: `grep -h '"name"' ${project}/package.json ${dirname(process.execPath)}/../../../package.json`,
      says: '"name"',
    }),
    telling(world, {
      name: "reads the passwords of the host",
      command: "grep -h ^root: /etc/shadow",
      says: "root:",
      ...onlyRoot,
    }),
    telling(world, {
      name: "lists the home directories",
      command: `ls -A /root /home/* 2>&1 | grep ${world.name}`,
      says: world.name,
      controlMayHold: "the home directory may lie elsewhere",
    }),
  ];
}
