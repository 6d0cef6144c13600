import { chmod, copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { commit, type Hostile, type World } from "./world.ts";

const configure =
  (key: string, value: (world: World) => string) =>
  (world: World): Promise<string> =>
    world.git(world.repo, "config", key, value(world));

const status = (world: World): Promise<string> => world.git(world.repo, "status");
const diff = (world: World): Promise<string> => world.git(world.repo, "diff");

async function change(world: World): Promise<void> {
  await writeFile(join(world.repo, "a.txt"), "changed\n");
}

async function layHook(world: World, directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  await copyFile(world.command, join(directory, "post-checkout"));
  await chmod(join(directory, "post-checkout"), 0o755);
}

const checkout = (world: World): Promise<string> => world.git(world.repo, "checkout", "-q", "-b", "other");

async function useDriver(world: World, attribute: string, key: string): Promise<void> {
  await commit(world, world.repo, { ".gitattributes": `*.txt ${attribute}\n` });
  await world.git(world.repo, "config", key, world.command);
  await change(world);
}

/** A repository's own configuration names programs. */
export const configuredCases: readonly Hostile[] = [
  { name: "core.fsmonitor", build: configure("core.fsmonitor", (world) => world.command), control: status },
  {
    name: "core.fsmonitor through include.path",
    build: async (world) => {
      await writeFile(join(world.home, "included"), `[core]\n\tfsmonitor = ${world.command}\n`);
      await world.git(world.repo, "config", "include.path", join(world.home, "included"));
    },
    control: status,
  },
  {
    name: "core.fsmonitor through config.worktree",
    build: async (world) => {
      await world.git(world.repo, "config", "extensions.worktreeConfig", "true");
      await writeFile(join(world.repo, ".git/config.worktree"), `[core]\n\tfsmonitor = ${world.command}\n`);
    },
    control: status,
  },
  {
    name: "a post-checkout hook",
    build: (world) => layHook(world, join(world.repo, ".git/hooks")),
    control: checkout,
  },
  {
    name: "core.hooksPath",
    build: async (world) => {
      await layHook(world, join(world.repo, "tools"));
      await world.git(world.repo, "config", "core.hooksPath", join(world.repo, "tools"));
    },
    control: checkout,
  },
  {
    name: "a filter that smudges",
    build: (world) => useDriver(world, "filter=evil", "filter.evil.smudge"),
    control: (world) => world.git(world.repo, "checkout", "-q", "-f", "HEAD", "--", "."),
  },
  {
    name: "a filter that cleans",
    build: (world) => useDriver(world, "filter=evil", "filter.evil.clean"),
    control: (world) => world.git(world.repo, "add", "."),
  },
  {
    name: "a filter that is a process",
    build: (world) => useDriver(world, "filter=evil", "filter.evil.process"),
    control: (world) => world.git(world.repo, "add", "."),
  },
  {
    name: "diff.external",
    build: async (world) => {
      await configure("diff.external", ({ command }) => command)(world);
      await change(world);
    },
    control: diff,
  },
  {
    name: "a diff driver",
    build: (world) => useDriver(world, "diff=evil", "diff.evil.command"),
    control: diff,
  },
  {
    name: "a textconv driver",
    build: (world) => useDriver(world, "diff=evil", "diff.evil.textconv"),
    control: diff,
  },
  {
    name: "a driver through .git/info/attributes",
    build: async (world) => {
      await mkdir(join(world.repo, ".git/info"), { recursive: true });
      await writeFile(join(world.repo, ".git/info/attributes"), "*.txt diff=evil\n");
      await world.git(world.repo, "config", "diff.evil.textconv", world.command);
      await change(world);
    },
    control: diff,
  },
  {
    name: "core.sshCommand",
    build: async (world) => {
      await world.git(world.repo, "config", "core.sshCommand", world.command);
      await world.git(world.repo, "remote", "add", "origin", "ssh://host.invalid/x.git");
    },
    control: (world) => world.git(world.repo, "fetch", "origin"),
  },
  {
    name: "core.gitProxy",
    build: async (world) => {
      await world.git(world.repo, "config", "core.gitProxy", world.command);
      await world.git(world.repo, "remote", "add", "origin", "git://host.invalid/x.git");
    },
    control: (world) => world.git(world.repo, "fetch", "origin"),
  },
  {
    name: "an alias",
    build: configure("alias.state", (world) => `!${world.command}`),
    control: (world) => world.git(world.repo, "state"),
  },
  {
    name: "credential.helper",
    build: configure("credential.helper", (world) => `!${world.command}`),
    control: (world) => world.git(world.repo, "credential", "fill"),
  },
  {
    name: "core.askPass",
    build: configure("core.askPass", (world) => world.command),
    control: (world) => world.git(world.repo, "credential", "fill"),
  },
  {
    name: "core.editor",
    build: configure("core.editor", (world) => world.command),
    control: (world) => world.git(world.repo, "commit", "--allow-empty"),
  },
  {
    name: "gpg.program",
    build: async (world) => {
      await world.git(world.repo, "config", "gpg.program", world.command);
      await world.git(world.repo, "config", "commit.gpgsign", "true");
    },
    control: (world) => world.git(world.repo, "commit", "--allow-empty", "-m", "signed"),
  },
  {
    name: "objects that are fetched when they are missing",
    build: async (world) => {
      const id = (await world.git(world.repo, "rev-parse", "HEAD:a.txt")).trim();
      await rm(join(world.repo, ".git/objects", id.slice(0, 2), id.slice(2)));
      const settings = {
        "core.repositoryFormatVersion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.promisor": "true",
        "remote.origin.url": world.outside,
        "remote.origin.uploadpack": world.command,
      };
      for (const [key, value] of Object.entries(settings)) await world.git(world.repo, "config", key, value);
    },
    control: (world) => world.git(world.repo, "cat-file", "-p", "HEAD:a.txt"),
  },
  {
    name: "uploadpack.packObjectsHook",
    build: configure("uploadpack.packObjectsHook", (world) => world.command),
    control: (world) => world.git(world.home, "clone", "-q", "--no-local", world.repo, "copy"),
    controlMayHold: "git does not believe it where it stands",
  },
  {
    name: "core.alternateRefsCommand",
    build: async (world) => {
      await world.git(world.repo, "config", "core.alternateRefsCommand", world.command);
      await writeFile(
        join(world.repo, ".git/objects/info/alternates"),
        `${join(world.repo, ".git/objects")}\n`,
      );
    },
    control: (world) => world.git(world.repo, "fetch", "-q", world.outside),
    controlMayHold: "runs only where the other store is a repository of its own",
  },
];
