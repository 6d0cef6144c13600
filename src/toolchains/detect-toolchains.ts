import type { DetectedToolchain, DetectToolchains, ToolchainStage } from "../ports/toolchain.ts";
import { CUSTOM_FILE, readCustom } from "./custom.ts";
import { go } from "./go.ts";
import { java } from "./java.ts";
import { make } from "./make.ts";
import { node } from "./node.ts";
import { python } from "./python.ts";
import { rust } from "./rust.ts";
import { shellQuote } from "./shell-quote.ts";
import { shell } from "./shell.ts";
import { Subtree } from "./subtree.ts";
import type { Toolchain } from "./toolchain.ts";

/** In the order in which they are run. */
const TOOLCHAINS: readonly Toolchain[] = [node, python, go, rust, java, shell];

/** Projects of one kind in one tree; each costs a run of its tests. */
const MOST_PROJECTS = 8;

export const detectToolchains: DetectToolchains = (files) => {
  const custom = files.get(CUSTOM_FILE);
  if (custom !== undefined) return detectCustom(custom);
  const directories = directoriesOf(new Subtree(files, ""));
  const subtrees = directories.map((directory) => new Subtree(files, directory));
  const problems: string[] = [];
  const find = (toolchain: Toolchain): readonly Found[] => {
    const found = projectsOf(toolchain, subtrees);
    if (found.length <= MOST_PROJECTS) return found;
    problems.push(
      `There are ${found.length} ${toolchain.name} projects, at most ${MOST_PROJECTS} are run: ` +
        `say in ${CUSTOM_FILE} how the tree is built and tested.`,
    );
    return found.slice(0, MOST_PROJECTS);
  };
  const known = TOOLCHAINS.flatMap(find);
  const others = known.some((found) => found.hasManifest && runsSomething(found)) ? [] : find(make);
  return { toolchains: [...known, ...others].map(({ name, stages }) => ({ name, stages })), problems };
};

function detectCustom(text: string): ReturnType<DetectToolchains> {
  try {
    return { toolchains: [readCustom(text)], problems: [] };
  } catch (error) {
    return { toolchains: [], problems: [error instanceof Error ? error.message : String(error)] };
  }
}

type Found = DetectedToolchain & { readonly hasManifest: boolean };

/** The project in the root, else those one or two levels down, else what the root looks like. */
function projectsOf(toolchain: Toolchain, subtrees: readonly Subtree[]): readonly Found[] {
  const root = subtrees[0]!;
  if (toolchain.hasManifest(root)) return asFound(toolchain, root, true);
  const projects: Subtree[] = [];
  for (const subtree of subtrees.slice(1)) {
    const within = projects.some((project) => subtree.directory.startsWith(`${project.directory}/`));
    if (!within && toolchain.hasManifest(subtree)) projects.push(subtree);
  }
  if (projects.length > 0) return projects.flatMap((project) => asFound(toolchain, project, true));
  return toolchain.looksLikeOne(root) ? asFound(toolchain, root, false) : [];
}

function asFound(toolchain: Toolchain, tree: Subtree, hasManifest: boolean): readonly Found[] {
  const { directory } = tree;
  const stages = toolchain.stagesOf(tree);
  if (stages.length === 0) return [];
  if (directory === "") return [{ name: toolchain.name, stages, hasManifest }];
  const inside = stages.map((stage): ToolchainStage => ({
    ...stage,
    command: `cd ${shellQuote(directory)} && ${stage.command}`,
  }));
  return [{ name: `${toolchain.name} in ${directory}`, stages: inside, hasManifest }];
}

function runsSomething({ stages }: Found): boolean {
  return stages.some(({ stage }) => stage === "build" || stage === "test");
}

/** The root (empty) and what lies one or two levels below it, outer before inner. */
function directoriesOf(root: Subtree): readonly string[] {
  const directories = new Set<string>();
  for (const path of root.paths) {
    const folders = path.split("/").slice(0, -1);
    for (const depth of [1, 2])
      if (folders.length >= depth) directories.add(folders.slice(0, depth).join("/"));
  }
  const byDepth = [...directories].toSorted(
    (a, b) => a.split("/").length - b.split("/").length || (a < b ? -1 : 1),
  );
  return ["", ...byDepth];
}
