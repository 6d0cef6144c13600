import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createRepositories } from "../../../src/workspace/repositories.ts";
import type { EscapeCorpus } from "../escape-corpus.ts";
import { configuredCases } from "./configured-cases.ts";
import { contentCases } from "./content-cases.ts";
import { caseOf, logger } from "./world.ts";

/** Repositories and requests that would have git run or read what they name. */
export const gitCorpus: EscapeCorpus = {
  name: "git",
  least: 45,
  open: async () => {
    try {
      execFileSync("git", ["--version"], { stdio: "ignore" });
    } catch {
      return { unavailable: "The program git is missing: apt-get install git" };
    }
    await sanityCheck();
    return { cases: [...configuredCases, ...contentCases].map(caseOf), close: async () => {} };
  },
};

/** A reader that can't read anything contains everything. */
async function sanityCheck(): Promise<void> {
  const repo = await mkdtemp(join(tmpdir(), "orca-git-"));
  try {
    const identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"];
    execFileSync("git", ["init", "-q", repo]);
    execFileSync("git", ["hash-object", "-w", "--stdin"], { cwd: repo, input: "a" });
    execFileSync(
      "git",
      ["update-index", "--add", "--cacheinfo", "100644,2e65efe2a145dda7ee51d1741299f848e5bf752e,a"],
      {
        cwd: repo,
      },
    );
    execFileSync("git", [...identity, "commit", "-q", "-m", "a"], { cwd: repo });
    const repositories = createRepositories({ allowed: [repo], logger });
    const { files } = await repositories.read({ repo, ref: null, path: null }, AbortSignal.timeout(10_000));
    if (files.length !== 1) throw new Error("a harmless repository should be read");
  } finally {
    await rm(repo, { recursive: true, force: true });
  }
}
