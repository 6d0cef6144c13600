import type { Subtree } from "./subtree.ts";
import { stage, type Toolchain } from "./toolchain.ts";

const NAMES = ["GNUmakefile", "makefile", "Makefile"];

export const make: Toolchain = {
  name: "make",
  hasManifest: (tree) => targetsOf(tree).size > 0,
  looksLikeOne: () => false,
  stagesOf(tree) {
    const targets = targetsOf(tree);
    const test = ["test", "check"].find((target) => targets.has(target));
    const build = ["build", "all"].find((target) => targets.has(target));
    const requires = ["make"];
    return [
      ...(build === undefined ? [] : [stage({ stage: "build", command: `make -s ${build}`, requires })]),
      ...(test === undefined ? [] : [stage({ stage: "test", command: `make -s ${test}`, requires })]),
    ];
  },
};

function targetsOf(tree: Subtree): ReadonlySet<string> {
  // In the order in which make looks for them.
  const text = NAMES.map((name) => tree.read(name)).find((content) => content !== null) ?? "";
  const targets = [...text.matchAll(/^([A-Za-z][\w -]*)::?(?![=:])/gm)];
  return new Set(targets.flatMap((match) => (match[1] ?? "").split(" ")));
}
