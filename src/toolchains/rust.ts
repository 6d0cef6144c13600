import { REGISTRY_HOSTS } from "./registry-hosts.ts";
import type { Subtree } from "./subtree.ts";
import { CACHE, stage, type Toolchain } from "./toolchain.ts";

const CARGO = `CARGO_HOME=${CACHE}/cargo cargo`;

const DEPENDENCY = /^[ \t]*\[((target\..+|workspace)\.)?((dev|build)-)?dependencies[\].]/m;

export const rust: Toolchain = {
  name: "rust",
  hasManifest: (tree) => tree.has("Cargo.toml"),
  looksLikeOne: () => false,
  stagesOf(tree) {
    const requires = ["cargo", "rustc"];
    const manifests = tree.paths.filter((path) => /(^|\/)Cargo\.toml$/.test(path));
    const needs = manifests.some((path) => DEPENDENCY.test(tree.read(path) ?? ""));
    const locked = tree.has("Cargo.lock") ? " --locked" : "";
    const fetch = `${CARGO} fetch --quiet${locked}`;
    return [
      ...(needs
        ? [stage({ stage: "prepare", command: fetch, requires, network: REGISTRY_HOSTS.crates })]
        : []),
      stage({ stage: "build", command: `${CARGO} build --quiet --offline --all-targets`, requires }),
      ...(hasTests(tree)
        ? [stage({ stage: "test", command: `${CARGO} test --quiet --offline`, requires })]
        : []),
      stage({
        stage: "lint",
        command: `${CARGO} clippy --quiet --offline --all-targets`,
        requires: [...requires, "cargo-clippy"],
      }),
    ];
  },
};

function hasTests(tree: Subtree): boolean {
  const sources = tree.paths.filter((path) => path.endsWith(".rs"));
  return sources.some((path) => /#\[(\w+::)*test\b/.test(tree.read(path) ?? ""));
}
