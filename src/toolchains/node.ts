import { z } from "zod";

import type { ToolchainStage } from "../ports/toolchain.ts";
import { nodeTestCommand } from "./node-tests.ts";
import { REGISTRY_HOSTS } from "./registry-hosts.ts";
import type { Subtree } from "./subtree.ts";
import { stage, type Toolchain } from "./toolchain.ts";

/** What is missing or of the wrong shape counts as empty; npm says the rest. */
const Names = z.record(z.string(), z.unknown()).default({}).catch({});
const Manifest = z.object({
  scripts: Names,
  dependencies: Names,
  devDependencies: Names,
  optionalDependencies: Names,
  workspaces: z.unknown().optional(),
});
type Manifest = z.infer<typeof Manifest>;

/** What `npm init` writes as the test script. */
const NO_TESTS = /no test specified/;

type PackageManager = {
  readonly program: "npm" | "pnpm" | "yarn";
  readonly install: string;
  readonly network: readonly string[];
  /** Runs a script of package.json. */
  readonly run: (script: string) => string;
  /** Runs a program of an installed package, never fetching it. */
  readonly exec: (command: string) => string;
};

export const node: Toolchain = {
  name: "node",
  hasManifest: (tree) => tree.has("package.json"),
  looksLikeOne: (tree) => nodeTestCommand(tree) !== null,
  stagesOf(tree) {
    const text = tree.read("package.json");
    if (text === null) return testsWithoutScript(tree);
    const manifest = parseManifest(text);
    if (manifest === null) return [unreadable()];
    const manager = packageManagerOf(tree);
    const requires = ["node", manager.program];
    return [
      ...(hasDependencies(manifest)
        ? [stage({ stage: "prepare", command: manager.install, requires, network: manager.network })]
        : []),
      ...buildStages(tree, manifest, manager),
      ...testStages(tree, manifest, manager),
      ...(script(manifest, "lint") === null
        ? []
        : [stage({ stage: "lint", command: manager.run("lint"), requires })]),
    ];
  },
};

function parseManifest(text: string): Manifest | null {
  try {
    return Manifest.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** npm itself says what is wrong with the file. */
function unreadable(): ToolchainStage {
  return stage({ stage: "build", command: "npm pkg get name", requires: ["node", "npm"] });
}

function hasDependencies(manifest: Manifest): boolean {
  const { dependencies, devDependencies, optionalDependencies, workspaces } = manifest;
  const named = [dependencies, devDependencies, optionalDependencies].flatMap((names) => Object.keys(names));
  return named.length > 0 || (workspaces !== undefined && workspaces !== null);
}

function script(manifest: Manifest, name: string): string | null {
  const text = manifest.scripts[name];
  return typeof text === "string" && text.trim() !== "" ? text : null;
}

function buildStages(tree: Subtree, manifest: Manifest, manager: PackageManager): ToolchainStage[] {
  const requires = ["node", manager.program];
  const build = script(manifest, "build");
  const stages: ToolchainStage[] = [];
  if (build !== null) stages.push(stage({ stage: "build", command: manager.run("build"), requires }));
  const compiles = "typescript" in manifest.dependencies || "typescript" in manifest.devDependencies;
  if (compiles && tree.has("tsconfig.json") && !/\btsc\b/.test(build ?? ""))
    stages.push(stage({ stage: "build", command: manager.exec("tsc --noEmit"), requires }));
  return stages;
}

function testStages(tree: Subtree, manifest: Manifest, manager: PackageManager): readonly ToolchainStage[] {
  const test = script(manifest, "test");
  if (test === null || NO_TESTS.test(test)) return testsWithoutScript(tree);
  return [stage({ stage: "test", command: manager.run("test"), requires: ["node", manager.program] })];
}

function testsWithoutScript(tree: Subtree): readonly ToolchainStage[] {
  const command = nodeTestCommand(tree);
  return command === null ? [] : [stage({ stage: "test", command, requires: ["node"] })];
}

/** CI=1 keeps test runners and generators from watching and from asking. */
function packageManagerOf(tree: Subtree): PackageManager {
  if (tree.has("pnpm-lock.yaml"))
    return {
      program: "pnpm",
      install: "CI=1 pnpm install --frozen-lockfile --ignore-scripts --reporter=silent",
      network: REGISTRY_HOSTS.npm,
      run: (name) => `CI=1 pnpm --silent run ${name}`,
      exec: (command) => `CI=1 pnpm exec ${command}`,
    };
  const yarnLock = tree.read("yarn.lock");
  if (yarnLock !== null) {
    const classic = !/^__metadata:/m.test(yarnLock);
    return {
      program: "yarn",
      install: classic
        ? "CI=1 yarn install --frozen-lockfile --ignore-scripts --non-interactive --silent"
        : "CI=1 YARN_ENABLE_SCRIPTS=0 yarn install --immutable",
      network: REGISTRY_HOSTS.yarn,
      run: (name) => `CI=1 yarn run ${name}`,
      exec: (command) => `CI=1 yarn run ${command}`,
    };
  }
  const locked = tree.has("package-lock.json") || tree.has("npm-shrinkwrap.json");
  const quiet = "--ignore-scripts --no-audit --no-fund --no-progress --loglevel=error";
  return {
    program: "npm",
    install: `CI=1 npm ${locked ? "ci" : "install --no-package-lock"} ${quiet}`,
    network: REGISTRY_HOSTS.npm,
    run: (name) => (name === "test" ? "CI=1 npm test --silent" : `CI=1 npm run ${name} --silent`),
    exec: (command) => `CI=1 npm exec --no -- ${command}`,
  };
}
