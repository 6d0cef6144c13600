import { createHash } from "node:crypto";
import { readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { TreeRevision } from "../../../src/ports/workspace.ts";
import { createWorkspaces } from "../../../src/workspace/workspaces.ts";
import { commit, type Hostile, logger, type World } from "./world.ts";

const cloneWithModules = (world: World): Promise<string> =>
  world.git(world.home, "clone", "-q", "--recurse-submodules", world.repo, "copy");

async function cloneAndRead(world: World, from = world.repo, file = "a.txt"): Promise<string> {
  await world.git(world.home, "clone", "-q", from, "copy");
  return readFile(join(world.home, "copy", file), "utf8").catch(() => "");
}

async function addModule(world: World, settings: string): Promise<void> {
  const id = (await world.git(world.outside, "rev-parse", "HEAD")).trim();
  await writeFile(join(world.repo, ".gitmodules"), `[submodule "sub"]\n${settings}`);
  await world.git(world.repo, "add", ".gitmodules");
  await world.git(world.repo, "update-index", "--add", "--cacheinfo", `160000,${id},sub`);
  await world.git(world.repo, "commit", "-q", "-m", "module");
}

const asRef = (ref: (world: World) => string): Pick<Hostile, "request"> => ({
  request: (world) => ({ ref: ref(world) }),
});
const asRepo = (repo: (world: World) => string): Pick<Hostile, "request"> => ({
  request: (world) => ({ repo: repo(world) }),
});
const nothing = async (): Promise<void> => {};

const uploadPack = (world: World): string => `--upload-pack=${world.command}`;
const external = (world: World): string => `ext::${world.command}`;

/** What a repository or a request says. */
export const contentCases: readonly Hostile[] = [
  {
    name: "a repository in the repository",
    build: async (world) => {
      await world.git(world.repo, "init", "-q", "nested");
      await commit(world, join(world.repo, "nested"), { "n.txt": "n\n" });
      await world.git(join(world.repo, "nested"), "config", "core.fsmonitor", world.command);
      await commit(world, world.repo, {});
    },
    control: (world) => world.git(world.repo, "status"),
  },
  {
    name: "a submodule that is a command",
    build: (world) => addModule(world, `\tpath = sub\n\turl = ext::${world.command}\n`),
    control: cloneWithModules,
  },
  {
    name: "a submodule that is outside",
    build: (world) => addModule(world, `\tpath = sub\n\turl = ${world.outside}\n`),
    control: async (world) => {
      await cloneWithModules(world);
      return readFile(join(world.home, "copy/sub/a.txt"), "utf8").catch(() => "");
    },
  },
  {
    name: "a submodule whose url is an option",
    build: (world) => addModule(world, `\tpath = sub\n\turl = --upload-pack=${world.command}\n`),
    control: cloneWithModules,
    controlMayHold: "git refuses such urls",
  },
  {
    name: "a submodule that is updated by a command",
    build: (world) => addModule(world, `\tpath = sub\n\turl = ./.\n\tupdate = !${world.command}\n`),
    control: cloneWithModules,
    controlMayHold: "git refuses commands in .gitmodules",
  },
  {
    name: "a submodule that is updated by a command of the configuration",
    build: async (world) => {
      await addModule(world, `\tpath = sub\n\turl = ${world.outside}\n`);
      await world.git(world.repo, "config", "submodule.sub.update", `!${world.command}`);
    },
    control: (world) => world.git(world.repo, "submodule", "update", "--init"),
  },
  {
    name: "a link to a file outside",
    build: async (world) => {
      await rm(join(world.repo, "a.txt"));
      await symlink(join(world.outside, "a.txt"), join(world.repo, "a.txt"));
      await commit(world, world.repo, {});
    },
    control: (world) => cloneAndRead(world),
  },
  {
    name: "a link to a directory outside, as the path",
    build: async (world) => {
      await symlink(world.outside, join(world.repo, "linked"));
      await commit(world, world.repo, {});
    },
    request: () => ({ path: "linked" }),
    control: (world) => cloneAndRead(world, world.repo, "linked/a.txt"),
  },
  {
    name: "a tree with a hook in it",
    build: async (world) => {
      const blob = (await world.git(world.repo, "hash-object", "-w", world.command)).trim();
      await world.git(
        world.repo,
        "update-index",
        "--add",
        "--cacheinfo",
        `100755,${blob},.git/hooks/post-checkout`,
      );
      await commit(world, world.repo, {});
    },
    control: (world) => cloneAndRead(world),
    controlMayHold: "git refuses such names",
  },
  {
    name: "a ref that is an option",
    build: nothing,
    ...asRef(uploadPack),
    control: (world) => world.git(world.home, "ls-remote", uploadPack(world), world.repo),
  },
  {
    name: "a ref that names an output file",
    build: nothing,
    ...asRef((world) => `--output=${world.marker}`),
    control: (world) => world.git(world.repo, "log", `--output=${world.marker}`),
  },
  {
    name: "a ref that is a path",
    build: nothing,
    ...asRef(() => "../../../../outside/repo/.git/refs/heads/main"),
    control: (world) => cloneAndRead(world, world.outside),
  },
  {
    name: "a ref with a destination",
    build: nothing,
    ...asRef(() => "main:refs/heads/other"),
    control: async (world) => {
      await world.git(world.repo, "fetch", "-q", world.outside, "main:refs/heads/other");
      return world.git(world.repo, "show", "other:a.txt");
    },
  },
  {
    name: "a repository that is an option",
    build: nothing,
    ...asRepo(uploadPack),
    control: (world) => world.git(world.home, "ls-remote", uploadPack(world), world.repo),
  },
  {
    name: "a repository that is a command",
    build: nothing,
    ...asRepo(external),
    control: (world) => world.git(world.home, "ls-remote", external(world)),
  },
  {
    name: "a repository outside, as a path",
    build: nothing,
    ...asRepo((world) => world.outside),
    control: (world) => cloneAndRead(world, world.outside),
  },
  {
    name: "a repository outside, by a way up",
    build: nothing,
    ...asRepo((world) => `${world.repo}/../../outside/repo`),
    control: (world) => cloneAndRead(world, `${world.repo}/../../outside/repo`),
  },
  {
    name: "a repository outside, as a file URL",
    build: nothing,
    ...asRepo((world) => `file://${world.outside}`),
    control: (world) => cloneAndRead(world, `file://${world.outside}`),
  },
  {
    name: "a repository outside, through a link",
    build: (world) => symlink(world.outside, join(world.home, "allowed/linked")),
    ...asRepo((world) => join(world.home, "allowed/linked")),
    control: (world) => cloneAndRead(world, join(world.home, "allowed/linked")),
  },
  {
    name: "a repository outside, through a .git file",
    build: async (world) => {
      await rm(join(world.repo, ".git"), { recursive: true });
      await writeFile(join(world.repo, ".git"), `gitdir: ${world.outside}/.git\n`);
    },
    control: (world) => cloneAndRead(world),
  },
  {
    name: "objects outside, borrowed",
    build: async (world) => {
      const id = await world.git(world.outside, "rev-parse", "HEAD");
      await writeFile(join(world.repo, ".git/objects/info/alternates"), `${world.outside}/.git/objects\n`);
      await writeFile(join(world.repo, ".git/refs/heads/main"), id);
    },
    control: (world) => cloneAndRead(world),
  },
  {
    name: "objects outside, linked",
    build: async (world) => {
      const id = await world.git(world.outside, "rev-parse", "HEAD");
      const objects = join(world.repo, ".git/objects");
      await rename(objects, `${objects}-old`);
      await symlink(`${world.outside}/.git/objects`, objects);
      await writeFile(join(world.repo, ".git/refs/heads/main"), id);
    },
    control: (world) => world.git(world.repo, "show", "HEAD:a.txt"),
  },
  {
    name: "one kind of objects outside, linked",
    build: async (world) => {
      const id = await world.git(world.outside, "rev-parse", "HEAD");
      for (const name of await readdir(join(world.outside, ".git/objects"))) {
        const [own, other] = [world.repo, world.outside].map((repo) => join(repo, ".git/objects", name));
        if (name.length === 2) await rm(own!, { recursive: true, force: true });
        if (name.length === 2) await symlink(other!, own!);
      }
      await writeFile(join(world.repo, ".git/refs/heads/main"), id);
    },
    control: (world) => world.git(world.repo, "show", "HEAD:a.txt"),
  },
  {
    name: "the server's own configuration, in a diff of the history",
    build: async (world) => {
      await world.git(world.home, "config", "--global", "diff.evil.textconv", world.command);
      await world.git(world.home, "config", "--global", "diff.external", world.command);
      await world.git(world.home, "config", "--global", "core.fsmonitor", world.command);
      await commit(world, world.repo, { ".gitattributes": "*.txt diff=evil\n" });
      await writeFile(join(world.repo, "a.txt"), "changed\n");
    },
    guarded: (world) => withEnv({ HOME: world.home }, () => diffHistory(world)),
    control: (world) => world.git(world.repo, "diff"),
  },
  {
    name: "the server's own environment, in a diff of the history",
    build: (world) => writeFile(join(world.repo, "a.txt"), "changed\n"),
    guarded: (world) =>
      withEnv({ GIT_EXTERNAL_DIFF: world.command, PAGER: world.command }, () => diffHistory(world)),
    control: (world) => world.git(world.repo, "-c", `diff.external=${world.command}`, "diff"),
  },
];

async function diffHistory(world: World): Promise<string> {
  const contents = new Map<string, string>();
  const revision = (name: string, text: string): TreeRevision => {
    const files = Object.entries({ ".gitattributes": "*.txt diff=evil\n", "a.txt": text }).map(
      ([path, content]) => {
        const hash = createHash("sha256").update(content).digest("hex");
        contents.set(hash, content);
        return [path, hash] as const;
      },
    );
    return { name, message: name, at: "2026-01-01T00:00:00Z", files: new Map(files) };
  };
  const revisions = [revision("base", "1\n"), revision("cycle-1", "2\n")];
  const workspaces = createWorkspaces({ root: join(world.home, "workspaces"), logger });
  const place = { tenant_id: "t", workflow_id: "w" };
  const history = { place, revisions, read: async () => contents };
  const diff = await workspaces.diff(history, { from: "base", to: "cycle-1", most: 10_000 });
  if (!diff.includes("-1\n+2\n")) throw new Error(`that should be a diff: ${diff}`);
  return diff;
}

async function withEnv<T>(env: Readonly<Record<string, string>>, work: () => Promise<T>): Promise<T> {
  const before = Object.fromEntries(Object.keys(env).map((key) => [key, process.env[key]]));
  Object.assign(process.env, env);
  try {
    return await work();
  } finally {
    for (const [key, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[key];
      else process.env[key] = value;
    }
  }
}
