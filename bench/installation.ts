import { execFile } from "node:child_process";
import { cp, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import type { Measurements } from "./case.ts";
import { rounded } from "./statistics.ts";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const PACKED_FROM = [
  "src",
  "scripts",
  "package.json",
  "tsconfig.json",
  "tsconfig.build.json",
  "CHANGELOG.md",
  "LICENSE",
];
const PACK_TIMEOUT_MS = 120_000;
const INSTALL_TIMEOUT_MS = 180_000;

/** The package as users get it, installed. */
export type Installation = { readonly program: string; readonly measured: Measurements };

/**
 * Packs a copy of the repository, because packing rewrites package.json for a moment, and installs the package into an
 * empty project. Rejects when the registry is too slow or can't be reached.
 */
export async function installPackage(directory: string): Promise<Installation> {
  const copy = join(directory, "packed");
  await mkdir(copy);
  for (const name of PACKED_FROM) await cp(join(ROOT, name), join(copy, name), { recursive: true });
  await symlink(join(ROOT, "node_modules"), join(copy, "node_modules"));
  await run("npm", ["pack", "--silent"], { cwd: copy, timeout: PACK_TIMEOUT_MS });
  const archive = (await readdir(copy)).find((name) => name.endsWith(".tgz"));
  if (archive === undefined) throw new Error("npm pack made no archive");
  const project = join(directory, "installed");
  await mkdir(project);
  await writeFile(join(project, "package.json"), '{ "name": "installed", "private": true }\n');
  const flags = ["--prefer-offline", "--no-audit", "--no-fund", "--silent"];
  await run("npm", ["install", join(copy, archive), ...flags], { cwd: project, timeout: INSTALL_TIMEOUT_MS });
  const modules = join(project, "node_modules");
  return {
    program: join(modules, "ts-orca", "dist", "cli", "main.js"),
    measured: {
      archive_kb: rounded((await stat(join(copy, archive))).size / 1024, 0),
      installed_mb: rounded((await bytesUnder(modules)) / 1_048_576, 1),
      packages: await countPackages(modules),
    },
  };
}

async function run(
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly timeout: number },
): Promise<void> {
  try {
    await promisify(execFile)(command, args, options);
  } catch (error) {
    const { stderr, killed } = error as { stderr?: string; killed?: boolean };
    const why = killed ? `took longer than ${options.timeout / 1000} s` : stderr?.trim().slice(0, 500);
    throw new Error(`${command} ${args[0]}: ${why ?? String(error)}`, { cause: error });
  }
}

async function bytesUnder(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

async function countPackages(modules: string): Promise<number> {
  const lock = await readFile(join(modules, ".package-lock.json"), "utf8");
  return Object.keys((JSON.parse(lock) as { packages: object }).packages).length;
}
