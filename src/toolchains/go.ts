import { REGISTRY_HOSTS } from "./registry-hosts.ts";
import { CACHE, stage, type Toolchain } from "./toolchain.ts";

/** A newer compiler is never fetched: that it is missing is said instead. */
const GO = `GOTOOLCHAIN=local GOFLAGS=-modcacherw GOMODCACHE=${CACHE}/go-mod GOCACHE=${CACHE}/go-build go`;

export const go: Toolchain = {
  name: "go",
  hasManifest: (tree) => tree.has("go.mod"),
  looksLikeOne: () => false,
  stagesOf(tree) {
    const requires = ["go"];
    const needs = /^[ \t]*require\b/m.test(tree.read("go.mod") ?? "");
    // Sums can't be written by hand: without them, tidy looks them up.
    const fetch = tree.has("go.sum") ? "mod download" : "mod tidy";
    return [
      ...(needs
        ? [stage({ stage: "prepare", command: `${GO} ${fetch}`, requires, network: REGISTRY_HOSTS.go })]
        : []),
      stage({ stage: "build", command: `${GO} build ./...`, requires }),
      ...(tree.some(/_test\.go$/) ? [stage({ stage: "test", command: `${GO} test ./...`, requires })] : []),
      stage({ stage: "lint", command: `${GO} vet ./...`, requires }),
    ];
  },
};
