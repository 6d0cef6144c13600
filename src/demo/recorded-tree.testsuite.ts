import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import type { Check, FileCheck } from "../core/check.ts";
import { checkOf } from "../core/check.ts";
import type { WrittenArtifact } from "../core/documents.ts";
import type { Receipt } from "../core/receipt.ts";
import type { RoleName } from "../core/role-name.ts";
import type { RoleOutputs } from "../core/role-output.ts";
import type { ContentChecker } from "../ports/toolchain.ts";
import { recordedAnswers } from "./recorded-answers.ts";

export type Tree = ReadonlyMap<string, string>;
export type Ran = { readonly exit_code: number | null; readonly output: string };

export function answerOf<R extends RoleName>(role: R, stepId: string): RoleOutputs[R] {
  return recordedAnswers.find((answer) => answer.role === role && answer.step_id === stepId)!
    .answer as RoleOutputs[R];
}

export const recordedCriteria = answerOf("project_manager", "project_manager").constitution
  .acceptance_criteria;

/** The newest content of every path when the step began. */
export function treeBefore(stepId: string): Tree {
  const end = recordedAnswers.findIndex((answer) => answer.step_id === stepId);
  const tasks = recordedAnswers.slice(0, end).filter((answer) => answer.role === "implementer");
  return new Map(
    tasks.flatMap(({ answer }) =>
      (answer as { artifacts: WrittenArtifact[] }).artifacts.flatMap(({ path, content }) =>
        content === null ? [] : [[path, content] as const],
      ),
    ),
  );
}

/** A tree on disk with a place for temporary files beside it, until it is removed. */
export class TreeOnDisk {
  readonly directory: string;
  readonly #root = mkdtempSync(join(tmpdir(), "orca-demo-"));

  constructor(files: Tree) {
    this.directory = join(this.#root, "tree");
    for (const place of ["tree", "tmp"]) mkdirSync(join(this.#root, place));
    for (const [path, content] of files) this.write(path, content);
  }

  write(path: string, content: string): void {
    const file = join(this.directory, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }

  /** As the sandbox runs it, but without one: this is our own code. */
  run(command: string): Ran {
    const PATH = `${dirname(process.execPath)}:/usr/bin:/bin`;
    const { status, stdout } = spawnSync("bash", ["-c", `exec 2>&1; ${command}`], {
      cwd: this.directory,
      env: { PATH, TMPDIR: join(this.#root, "tmp"), LANG: "C.UTF-8" },
      encoding: "utf8",
    });
    return { exit_code: status, output: stdout };
  }

  read(path: string): Promise<Uint8Array> {
    return readFile(join(this.directory, path));
  }

  remove(): void {
    rmSync(this.#root, { recursive: true });
  }
}

/** What is wrong, null when the check passes, undefined when nothing decides it but a reader. */
export async function decideCheck(
  check: Check,
  tree: TreeOnDisk,
  checker: ContentChecker,
): Promise<{ readonly wrong: string | null; readonly output: string } | undefined> {
  switch (check.kind) {
    case "command": {
      const { exit_code, output } = tree.run(check.command);
      const missing = check.output_contains !== null && !output.includes(check.output_contains);
      const passed = exit_code === check.exit_code && !missing;
      return {
        wrong: passed ? null : `exit code ${exit_code}, ${missing ? "text missing" : "text there"}`,
        output,
      };
    }
    case "file":
      return { wrong: await wrongInFile(check, tree, checker), output: "" };
    case "http":
      throw new Error("the demo has no server");
    case "rubric":
      return undefined;
  }
}

async function wrongInFile(
  check: FileCheck,
  tree: TreeOnDisk,
  checker: ContentChecker,
): Promise<string | null> {
  const directory = {
    path: tree.directory,
    read: (path: string) => tree.read(path).catch(() => null),
    changes: () => Promise.reject(new Error("nothing is changed")),
    remove: () => Promise.resolve(),
  };
  const { problems } = await checker.checkFile(check, directory, AbortSignal.timeout(20_000));
  return problems.length === 0 ? null : problems.join("; ");
}

/** What the engine would record of a tree: its tests, then the check of each criterion. */
export async function receiptsOf(files: Tree, checker: ContentChecker): Promise<readonly Receipt[]> {
  const tree = new TreeOnDisk(files);
  try {
    const tests = tree.run("node --test");
    const receipts = [
      receipt({ name: "node: test", stage: "test", toolchain: "node", command: "node --test" }, tests, null),
    ];
    for (const criterion of recordedCriteria) {
      const check = checkOf(criterion);
      const decided = await decideCheck(check, tree, checker);
      if (decided === undefined) continue;
      const { id } = criterion;
      const command = check.kind === "command" ? check.command : null;
      const ran = { exit_code: decided.wrong === null ? 0 : 1, output: decided.output };
      receipts.push(receipt({ name: id, stage: "check", criterion: id, command }, ran, decided.wrong));
    }
    return receipts;
  } finally {
    tree.remove();
  }
}

function receipt(
  known: Pick<Receipt, "name" | "stage" | "command"> & Partial<Receipt>,
  { exit_code, output }: Ran,
  wrong: string | null,
): Receipt {
  const passed = exit_code === 0;
  return {
    criterion: null,
    toolchain: null,
    status: passed ? "passed" : "failed",
    exit_code,
    duration_ms: 1,
    output_tail: output.slice(-2_000),
    message: passed ? null : (wrong ?? "It failed."),
    missing: null,
    blocks: true,
    sandbox: "unsafe",
    tree_hash: "",
    ...known,
  };
}
