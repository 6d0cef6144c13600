import { type ChildProcessByStdio, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:fs";
import { mkdir, open, rename, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";

import { writeFiles } from "../../../src/files/write-files.ts";
import { removeTree } from "../../../src/workspace/remove-tree.ts";
import type { EscapeCase, Outcome } from "../escape-corpus.ts";
import { checkedRead, checkedRemove, checkedWrite } from "./naive-files.ts";
import { caseOf, CONTAINED, escaped, SECRET, within, type World } from "./world.ts";

const GUARDED_MS = 2_500;
const CONTROL_MS = 20_000;
const LEAST_TRIES = 50;

/** How often each race was run against the guard, by the name of the case. */
const raceTries = new Map<string, number>();

/** Exchanges two things under one name for as long as it lives. */
const SWAPPER = `
  const { renameSync } = require("node:fs");
  const [name, other] = process.argv.slice(1);
  const swap = (from, to) => { try { renameSync(from, to); } catch {} };
  process.stdout.write("ready");
  for (;;) {
    swap(name, name + ".aside"); swap(other, name);
    swap(name, other); swap(name + ".aside", name);
  }
`;

async function startSwapper(name: string, other: string): Promise<ChildProcessByStdio<null, Readable, null>> {
  const child = spawn(process.execPath, ["-e", SWAPPER, name, other], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return child;
}

type Race = {
  readonly what: string;
  /** Sets the place up; gives what is exchanged and what is tried while it is. Its outcome is null when it held. */
  readonly prepare: (
    world: World,
    guarded: boolean,
  ) => Promise<{
    readonly swap: readonly [string, string];
    readonly attempt: () => Promise<string | null>;
    readonly clean?: () => Promise<unknown>;
  }>;
};

const RACES: readonly Race[] = [
  {
    what: "changes() while a directory becomes a link",
    prepare: async (world, guarded) => {
      const directory = await world.open([{ path: "d/secret", content: "harmless" }]);
      const { swap } = await linkBeside(directory.path, world, "d", world.outside);
      const attempt = guarded
        ? async () => leak(JSON.stringify(await directory.changes()))
        : async () => leak(await checkedRead(directory.path, "d/secret"));
      return { swap, attempt };
    },
  },
  {
    what: "read() while a directory becomes a link",
    prepare: async (world, guarded) => {
      const directory = await world.open([{ path: "d/secret", content: "harmless" }]);
      const { swap } = await linkBeside(directory.path, world, "d", world.outside);
      const attempt = guarded
        ? async () => leak(textOf(await directory.read("d/secret", 1_000)))
        : async () => leak(await checkedRead(directory.path, "d/secret"));
      return { swap, attempt };
    },
  },
  {
    what: "read() while a file becomes a link",
    prepare: async (world, guarded) => {
      const directory = await world.open([{ path: "f", content: "harmless" }]);
      const { swap } = await linkBeside(directory.path, world, "f", join(world.outside, "secret"));
      const attempt = guarded
        ? async () => leak(textOf(await directory.read("f", 1_000)))
        : async () => leak(await checkedRead(directory.path, "f"));
      return { swap, attempt };
    },
  },
  {
    what: "read() and changes() while a file becomes a FIFO",
    prepare: async (world, guarded) => {
      const directory = await world.open([{ path: "f", content: "harmless" }]);
      const pipe = `${dirname(directory.path)}/pipe`;
      execFileSync("mkfifo", [pipe]);
      const work = guarded
        ? () => Promise.all([directory.read("f", 1_000), directory.changes()])
        : () => checkedRead(directory.path, "f");
      const attempt = async (): Promise<string | null> =>
        (await within(
          2_000,
          work().then(() => "done"),
        )) === null
          ? "it hangs"
          : null;
      return { swap: [join(directory.path, "f"), pipe], attempt, clean: () => wake(directory.path, pipe) };
    },
  },
  {
    what: "delivery while a directory becomes a link",
    prepare: async (world, guarded) => {
      const target = join(world.home, "deliveries");
      await mkdir(join(target, "d"), { recursive: true });
      const { swap } = await linkBeside(target, world, "d", world.outside);
      const attempt = async (): Promise<string | null> => {
        const file = { path: "d/new.txt", content: "written" };
        await (guarded ? writeFiles(target, [file]) : checkedWrite(target, file.path, file.content));
        return (await isIn(world.outside, "new.txt")) ? "it was written outside" : null;
      };
      return { swap, attempt };
    },
  },
  {
    what: "removal while a directory becomes a link",
    prepare: async (world, guarded) => {
      const target = join(world.home, "removed");
      const { swap } = await linkBeside(target, world, "d", world.outside);
      const attempt = async (): Promise<string | null> => {
        const fresh = join(world.home, "fresh");
        await mkdir(fresh, { recursive: true });
        await writeFile(join(fresh, "secret"), "harmless");
        await mkdir(target, { recursive: true });
        // Either may still be there, or be just on the way.
        await rename(fresh, join(target, "d")).catch(() => null);
        await symlink(world.outside, swap[1]).catch(() => null);
        await (guarded ? removeTree(target) : checkedRemove(target, "d")).catch(() => null);
        return (await isIn(world.outside, "secret")) ? null : "it was removed outside";
      };
      return { swap, attempt };
    },
  },
];

/** Somebody exchanges things while the server works on them. */
export const raceCases: readonly EscapeCase[] = RACES.map((race) => {
  const name = `race: ${race.what}`;
  return caseOf(name, (world, guarded) => run(name, race, world, guarded));
});

async function run(name: string, race: Race, world: World, guarded: boolean): Promise<Outcome> {
  const { swap, attempt, clean } = await race.prepare(world, guarded);
  const swapper = await startSwapper(...(swap as [string, string]));
  const until = performance.now() + (guarded ? GUARDED_MS : CONTROL_MS);
  let tries = 0;
  try {
    while (performance.now() < until) {
      const what = await attempt().catch(() => null);
      if (what !== null) return escaped(`${what}, after ${tries} tries`);
      tries += 1;
    }
  } finally {
    swapper.kill("SIGKILL");
    await once(swapper, "close");
    await clean?.();
  }
  if (guarded) raceTries.set(name, tries);
  if (tries < LEAST_TRIES) throw new Error(`${name} was tried ${tries} times only, which shows nothing`);
  return CONTAINED;
}

/** A link that waits beside the tree to take the place of a name in it. */
async function linkBeside(
  tree: string,
  world: World,
  name: string,
  target: string,
): Promise<{ readonly swap: readonly [string, string] }> {
  const waiting = join(world.home, "waiting-link");
  await symlink(target, waiting);
  return { swap: [join(tree, name), waiting] };
}

async function wake(tree: string, pipe: string): Promise<void> {
  for (const path of [join(tree, "f"), join(tree, "f.aside"), pipe]) {
    const handle = await open(path, constants.O_RDWR | constants.O_NONBLOCK).catch(() => null);
    await new Promise((resolve) => setTimeout(resolve, 50)); // opening is all that the reader waits for
    await handle?.close();
  }
}

function leak(text: string | null): string | null {
  return text?.includes(SECRET) === true ? "the secret was read" : null;
}

function textOf(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString();
}

async function isIn(directory: string, name: string): Promise<boolean> {
  const handle = await open(join(directory, name)).catch(() => null);
  await handle?.close();
  return handle !== null;
}
