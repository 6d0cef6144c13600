import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:fs";
import { chmod, link, lstat, mkdir, open, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";

import { writeFiles } from "../../../src/files/write-files.ts";
import type { WorkingDirectory } from "../../../src/ports/workspace.ts";
import type { EscapeCase, Outcome } from "../escape-corpus.ts";
import { naiveWrite } from "./naive-files.ts";
import { caseOf, CONTAINED, escaped, SECRET, WAY_OUT, within, type World } from "./world.ts";

const FILES = [
  { path: "known.txt", content: "known" },
  { path: "src/inner.txt", content: "inner" },
];
const PATIENCE_MS = 3_000;
const NO_DEVICES = process.getuid?.() === 0 ? null : "only root makes devices";
const EVERYTHING_READABLE = "the control fails as a whole, which gives nothing away";

type Plant = {
  readonly what: string;
  /** What commands have made of the tree. */
  readonly plant: (tree: string, world: World) => Promise<unknown>;
  /** Read by name afterwards. */
  readonly read: readonly string[];
  /** Must not become part of the tree, even though it holds no secret. */
  readonly unwanted?: string;
  readonly controlMayHold?: string | null;
  readonly clean?: (tree: string) => Promise<unknown>;
};

const PLANTS: readonly Plant[] = [
  {
    what: "a link to a file",
    plant: (tree) => symlink(`${WAY_OUT}/secret`, join(tree, "link")),
    read: ["link"],
  },
  {
    what: "a link to a directory",
    plant: (tree) => symlink(WAY_OUT, join(tree, "link")),
    read: ["link/secret", "link/below/secret"],
  },
  {
    what: "a chain of links",
    plant: async (tree) => {
      await symlink(`${WAY_OUT}/secret`, join(tree, "one"));
      await symlink("one", join(tree, "two"));
      await symlink("../two", join(tree, "src/three"));
    },
    read: ["one", "two", "src/three"],
  },
  {
    what: "a link that names itself",
    plant: (tree) => symlink("loop", join(tree, "loop")),
    read: ["loop", "loop/loop"],
    controlMayHold: EVERYTHING_READABLE,
  },
  {
    what: "a link to the directory above",
    plant: (tree) => symlink("..", join(tree, "src/up")),
    read: ["src/up/known.txt"],
    unwanted: "src/up",
    controlMayHold: EVERYTHING_READABLE,
  },
  {
    what: "an absolute link",
    plant: (tree, { outside }) => symlink(join(outside, "secret"), join(tree, "link")),
    read: ["link"],
  },
  {
    what: "a link to the environment of this process",
    plant: (tree) => symlink("/proc/self/environ", join(tree, "environ")),
    read: ["environ"],
    unwanted: "environ",
  },
  {
    what: "a link through /proc to the outside",
    plant: (tree, { outside }) => symlink(`/proc/self/root${outside}`, join(tree, "root")),
    read: ["root/secret"],
  },
  {
    what: "a link to an open file of this process",
    plant: (tree, { outside }) => symlink(`/proc/self/cwd/../../..${outside}/secret`, join(tree, "cwd")),
    read: ["cwd"],
    controlMayHold: "depends on how deep the current directory is",
  },
  {
    what: "a link in the place of a known file",
    plant: async (tree, { outside }) => {
      await rm(join(tree, "known.txt"));
      await symlink(join(outside, "secret"), join(tree, "known.txt"));
    },
    read: ["known.txt"],
  },
  {
    what: "a link in the place of a known directory",
    plant: async (tree, { outside }) => {
      await rename(join(tree, "src"), join(tree, "moved"));
      await symlink(outside, join(tree, "src"));
    },
    read: ["src/secret"],
  },
  {
    what: "a link in the place of the tree",
    plant: async (tree, { outside }) => {
      await rename(tree, `${tree}-moved`);
      await symlink(outside, tree);
    },
    read: ["secret"],
  },
  {
    what: "another directory in the place of the tree",
    plant: async (tree, { home }) => {
      await rename(tree, `${tree}-moved`);
      await mkdir(join(home, "other"));
      await writeFile(join(home, "other/secret"), SECRET);
      await rename(join(home, "other"), tree);
    },
    read: ["secret"],
  },
  {
    what: "a hard link",
    plant: (tree, { outside }) => link(join(outside, "secret"), join(tree, "hard")),
    read: ["hard"],
  },
  {
    what: "a hard link in the place of a known file",
    plant: async (tree, { outside }) => {
      await rm(join(tree, "src/inner.txt"));
      await link(join(outside, "secret"), join(tree, "src/inner.txt"));
    },
    read: ["src/inner.txt"],
  },
  {
    what: "a FIFO",
    plant: async (tree) => execFileSync("mkfifo", [join(tree, "pipe")]),
    read: ["pipe"],
    clean: (tree) => wakeReaders(join(tree, "pipe")),
  },
  {
    what: "a FIFO in the place of a known file",
    plant: async (tree) => {
      await rm(join(tree, "known.txt"));
      execFileSync("mkfifo", [join(tree, "known.txt")]);
    },
    read: ["known.txt"],
    clean: (tree) => wakeReaders(join(tree, "known.txt")),
  },
  {
    what: "a socket",
    plant: (tree, { home }) => leaveSocket(join(home, "live"), join(tree, "socket")),
    read: ["socket"],
    unwanted: "socket",
    controlMayHold: "a socket cannot be opened as a file",
  },
  {
    what: "a device",
    plant: async (tree) => NO_DEVICES ?? execFileSync("mknod", [join(tree, "null"), "c", "1", "3"]),
    read: ["null"],
    unwanted: "null",
    controlMayHold: NO_DEVICES,
  },
  {
    what: "a sparse file of 8 MiB",
    plant: (tree) => sparse(join(tree, "sparse"), 8 * 1024 ** 2),
    read: [],
    unwanted: "sparse",
  },
  {
    what: "a sparse file of 10 GB",
    plant: (tree) => sparse(join(tree, "sparse"), 10 * 1000 ** 3),
    read: [],
    unwanted: "sparse",
    controlMayHold: "Node itself reads no more than 2 GiB",
  },
  {
    what: "a directory that may not be read",
    plant: async (tree) => {
      await chmod(join(tree, "src"), 0);
      await symlink(`${WAY_OUT}/secret`, join(tree, "link"));
    },
    read: ["link"],
  },
  {
    what: "a repository with a hook",
    plant: async (tree) => {
      await mkdir(join(tree, "sub/.git/hooks"), { recursive: true });
      await writeFile(join(tree, "sub/.git/hooks/pre-commit"), "#!/bin/sh\nid");
    },
    read: ["sub/.git/hooks/pre-commit"],
    unwanted: "sub/.git/hooks/pre-commit",
  },
  {
    what: "a name with an escape sequence",
    plant: (tree) => writeFile(join(tree, "a\u001b[2Jb"), "x"),
    read: [],
    unwanted: "a\u001b[2Jb",
  },
  {
    what: "a name that is not UTF-8",
    plant: (tree) => writeFile(Buffer.from(`${tree}/\xff`, "latin1"), "x"),
    read: [],
    unwanted: "\ufffd",
    controlMayHold: "the control does not find it again under that name",
  },
  {
    what: "a name that differs in case from a known one",
    plant: (tree) => writeFile(join(tree, "KNOWN.txt"), "x"),
    read: [],
    unwanted: "KNOWN.txt",
  },
  {
    what: "300 directories in one another",
    plant: (tree) =>
      mkdir(join(tree, "d/".repeat(300)), { recursive: true }).then(() =>
        writeFile(join(tree, "d/".repeat(300), "x"), "x"),
      ),
    read: [],
    unwanted: `${"d/".repeat(300)}x`,
  },
];

/** What commands may leave in the directory, for the server to read when they have ended. */
export const leftBehindCases: readonly EscapeCase[] = [
  ...PLANTS.map((planted) =>
    caseOf(
      `left behind: ${planted.what}`,
      (world) => tryTakeOver(planted, world),
      planted.controlMayHold ?? null,
    ),
  ),
  caseOf("removal: a link to a directory", async (world) => {
    const directory = await world.open(FILES);
    await symlink(world.outside, join(directory.path, "link"));
    await symlink(world.outside, join(directory.path, "src/link"));
    await directory.remove();
    return (await isThere(directory.path)) ? escaped("the directory is still there") : CONTAINED;
  }),
  ...(
    [
      ["a link to a directory", (at, outside) => symlink(outside, join(at, "link")), "link/new.txt"],
      [
        "a link in the middle",
        (at, outside) => symlink(outside, join(at, "link")),
        "link/below/deeper/new.txt",
      ],
      [
        "a link in the last place",
        (at, outside) => symlink(join(outside, "secret"), join(at, "new.txt")),
        "new.txt",
      ],
      [
        "a link to a file that is not there",
        (at, outside) => symlink(join(outside, "new"), join(at, "new.txt")),
        "new.txt",
      ],
      [
        "a hard link in the last place",
        (at, outside) => link(join(outside, "secret"), join(at, "new.txt")),
        "new.txt",
      ],
    ] satisfies [string, (at: string, outside: string) => Promise<void>, string][]
  ).map(([what, plant, path]) =>
    caseOf(`delivery through ${what}`, async ({ home, outside }, guarded) => {
      const directory = join(home, "deliveries");
      await mkdir(directory);
      await plant(directory, outside);
      const files = [{ path, content: "written" }];
      await (guarded ? writeFiles(directory, files) : naiveWrite(directory, files)).catch(() => null);
      return CONTAINED; // the world looks at what became of the outside
    }),
  ),
];

async function tryTakeOver(planted: Plant, world: World): Promise<Outcome> {
  const directory = await world.open(FILES);
  await planted.plant(directory.path, world);
  try {
    return (await tryChanges(planted, directory)) ?? (await tryReads(planted, directory)) ?? CONTAINED;
  } finally {
    await planted.clean?.(directory.path);
  }
}

async function tryChanges(planted: Plant, directory: WorkingDirectory): Promise<Outcome | null> {
  const changes = await within(
    PATIENCE_MS,
    directory.changes().catch((error: unknown) => ({ written: [], deleted: [], skipped: [], error })),
  );
  if (changes === null) return escaped("changes() hangs");
  const leaked = changes.written.find(
    ({ path, content }) => content.includes(SECRET) || path === planted.unwanted,
  );
  return leaked === undefined ? null : escaped(`${leaked.path} was taken over`);
}

async function tryReads(planted: Plant, directory: WorkingDirectory): Promise<Outcome | null> {
  for (const path of planted.read) {
    const found = await within(
      PATIENCE_MS,
      directory.read(path, 1_000_000).then(
        (bytes) => bytes ?? "nothing",
        () => "nothing",
      ),
    );
    if (found === null) return escaped(`read(${path}) hangs`);
    if (found !== "nothing" && (path === planted.unwanted || Buffer.from(found).toString().includes(SECRET)))
      return escaped(`${path} was read`);
  }
  return null;
}

/** Whoever waits for the other side of the FIFO gets an end of it. */
async function wakeReaders(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDWR | constants.O_NONBLOCK);
  await new Promise((resolve) => setTimeout(resolve, 50)); // opening is all that the reader waits for
  await handle.close();
}

/** A closed server removes its socket; a killed one leaves it. `live` is a short path, as sockets want it. */
async function leaveSocket(live: string, path: string): Promise<void> {
  const server = createServer().listen(live);
  await once(server, "listening");
  await rename(live, path);
  server.close();
  await once(server, "close");
}

async function sparse(path: string, length: number): Promise<void> {
  await writeFile(path, "");
  await truncate(path, length);
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
