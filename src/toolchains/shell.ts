import { shellQuote } from "./shell-quote.ts";
import type { Subtree } from "./subtree.ts";
import { stage, type Toolchain } from "./toolchain.ts";

export const shell: Toolchain = {
  name: "shell",
  hasManifest: () => false,
  looksLikeOne: (tree) => scriptsOf(tree).length > 0 || batsOf(tree).length > 0,
  stagesOf(tree) {
    const scripts = scriptsOf(tree);
    const bats = batsOf(tree);
    const parse = scripts.map((path) => `bash -n ${shellQuote(path)}`).join(" && ");
    return [
      ...(scripts.length > 0 ? [stage({ stage: "build", command: parse, requires: ["bash"] })] : []),
      ...(bats.length > 0
        ? [stage({ stage: "test", command: `bats ${bats.map(shellQuote).join(" ")}`, requires: ["bats"] })]
        : []),
    ];
  },
};

function scriptsOf(tree: Subtree): readonly string[] {
  return tree.paths.filter((path) => /\.(sh|bash)$/.test(path) && isForBash(tree.read(path) ?? ""));
}

/** What names another shell may use what bash can't parse. */
function isForBash(text: string): boolean {
  const shebang = /^#!.*/.exec(text)?.[0];
  return shebang === undefined || /\b(ba|da|a|k)?sh\b/.test(shebang);
}

function batsOf(tree: Subtree): readonly string[] {
  return tree.paths.filter((path) => path.endsWith(".bats"));
}
