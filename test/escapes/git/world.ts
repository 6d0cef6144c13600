import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

import type { Logger } from "../../../src/ports/logger.ts";
import type { RepositoryRequest } from "../../../src/ports/workspace.ts";
import { createRepositories } from "../../../src/workspace/repositories.ts";
import type { EscapeCase, Outcome } from "../escape-corpus.ts";

const SECRET = "the-secret-of-somebody-else";

export type World = {
  readonly home: string;
  /** A repository with a commit, in the one allowed directory. */
  readonly repo: string;
  /** A repository with the secret in it, beside the allowed directory. */
  readonly outside: string;
  /** Exists when a hostile command ran. */
  readonly marker: string;
  /** Makes it. A script of its own, so that it can be named where only a path may stand. */
  readonly command: string;
  /** Git in `directory` as a user runs it; its failure does not matter, its output is given. */
  readonly git: (directory: string, ...args: string[]) => Promise<string>;
};

const quiet = (): void => {};
export const logger: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet, child: () => logger };

/** What `git credential` wants to know; the others do not read it. */
const INPUT = "protocol=https\nhost=host.invalid\n\n";

const run = promisify(execFile);

async function openWorld(): Promise<World> {
  const home = await mkdtemp(join(tmpdir(), "orca-git-"));
  const world: World = {
    home,
    repo: join(home, "allowed/repo"),
    outside: join(home, "outside/repo"),
    marker: join(home, "marker"),
    command: join(home, "command.sh"),
    git: async (directory, ...args) => {
      const env = { PATH: process.env["PATH"], HOME: home, GIT_TERMINAL_PROMPT: "0" };
      const running = run("git", args, { cwd: directory, env, timeout: 10_000 });
      running.child.stdin?.on("error", quiet).end(INPUT);
      const ended = await running.catch((error: { stdout?: string }) => error);
      return ended.stdout ?? "";
    },
  };
  await writeFile(world.command, `#!/bin/sh\ntouch ${world.marker}\ntimeout 1 cat 2>/dev/null\n`);
  await chmod(world.command, 0o755);
  await writeFile(
    join(home, ".gitconfig"),
    "[user]\n\tname = A\n\temail = a@example.org\n[protocol]\n\tallow = always\n[init]\n\tdefaultBranch = main\n[submodule]\n\trecurse = false\n",
  );
  await makeRepository(world, world.repo, "harmless\n");
  await makeRepository(world, world.outside, `${SECRET}\n`);
  return world;
}

async function makeRepository(world: World, path: string, content: string): Promise<void> {
  await mkdir(path, { recursive: true });
  await world.git(path, "init", "-q");
  await commit(world, path, { "a.txt": content, "src/b.txt": "b\n" });
}

export async function commit(
  world: World,
  path: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), content);
  }
  await world.git(path, "add", "-A");
  await world.git(path, "commit", "-q", "-m", "more");
}

/** Something hostile and what a careless server would do with it. */
export type Hostile = {
  readonly name: string;
  readonly build: (world: World) => Promise<unknown>;
  /** What is asked of the guard; usually the whole repository at its HEAD. */
  readonly request?: (world: World) => Partial<RepositoryRequest>;
  /** Instead of reading a repository. Gives what became visible. */
  readonly guarded?: (world: World) => Promise<string>;
  /** Plain git on the same. Gives what became visible. */
  readonly control: (world: World) => Promise<string>;
  readonly controlMayHold?: string;
};

export function caseOf(hostile: Hostile): EscapeCase {
  return {
    name: hostile.name,
    attempt: (guarded) => attempt(hostile, guarded),
    controlMayHold: hostile.controlMayHold ?? null,
  };
}

async function attempt(hostile: Hostile, guarded: boolean): Promise<Outcome> {
  const world = await openWorld();
  try {
    await hostile.build(world);
    await rm(world.marker, { force: true });
    const seen = guarded
      ? await (hostile.guarded ?? readGuarded(hostile))(world)
      : await hostile.control(world);
    if (await isThere(world.marker)) return { kind: "escaped", what: "the command ran" };
    if (seen.includes(SECRET)) return { kind: "escaped", what: "the secret was read" };
    return { kind: "contained" };
  } finally {
    await rm(world.home, { recursive: true, force: true });
  }
}

function readGuarded(hostile: Hostile): (world: World) => Promise<string> {
  return async (world) => {
    const repositories = createRepositories({ allowed: [join(world.home, "allowed")], logger });
    const request = { repo: world.repo, ref: null, path: null, ...hostile.request?.(world) };
    return repositories.read(request, AbortSignal.timeout(30_000)).then(
      (tree) => JSON.stringify(tree.files),
      (error: unknown) => String(error),
    );
  };
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
