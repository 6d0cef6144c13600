import type { ToolchainStage } from "../ports/toolchain.ts";
import { REGISTRY_HOSTS } from "./registry-hosts.ts";
import type { Subtree } from "./subtree.ts";
import { CACHE, stage, type Toolchain } from "./toolchain.ts";

/** Java takes its home from the password file, where the sandbox has none. */
const MAVEN = `mvn -q -B -ntp -Duser.home="$HOME" -Dmaven.repo.local=${CACHE}/m2`;
const GRADLE = `gradle -g ${CACHE}/gradle --no-daemon --console=plain --quiet`;
const TEST_SOURCE = /(^|\/)src\/test\/.+\.(java|kt|groovy|scala)$/;

/** Both fetch plugins in the middle of every stage, so that each may reach the registry. */
export const java: Toolchain = {
  name: "java",
  hasManifest: (tree) => tree.has("pom.xml") || isGradle(tree),
  looksLikeOne: () => false,
  stagesOf(tree) {
    const maven = tree.has("pom.xml");
    const run = (name: "build" | "test", command: string): ToolchainStage =>
      stage({
        stage: name,
        command: `${maven ? MAVEN : GRADLE} ${command}`,
        requires: maven ? ["java", "mvn"] : ["java", "gradle"],
        network: maven ? REGISTRY_HOSTS.maven : REGISTRY_HOSTS.gradle,
      });
    return [
      run("build", maven ? "test-compile" : "testClasses"),
      ...(tree.some(TEST_SOURCE) ? [run("test", "test")] : []),
    ];
  },
};

function isGradle(tree: Subtree): boolean {
  return tree.has("build.gradle") || tree.has("build.gradle.kts");
}
