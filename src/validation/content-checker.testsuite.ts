import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { afterAll } from "vitest";

import type { FileCheck } from "../core/check.ts";
import type { ContentChecker, ContentVerdict } from "../ports/toolchain.ts";
import { createLogger } from "../telemetry/pino-logger.ts";
import { createWorkspaces } from "../workspace/workspaces.ts";
import { createContentChecker } from "./content-checker.ts";
import type { ContentLimits } from "./content-process.ts";

const NEVER = new AbortController().signal;

const NOTHING: FileCheck = {
  kind: "file",
  path: "",
  contains: [],
  headings: [],
  min_words: null,
  max_words: null,
  columns: [],
  min_rows: null,
  sql: null,
  json_schema: null,
};

export type CheckedFile = {
  (
    path: string,
    content: string | Uint8Array | null,
    check: Partial<FileCheck>,
    signal?: AbortSignal,
  ): Promise<ContentVerdict>;
  readonly checker: ContentChecker;
  readonly examine: (files: Record<string, string>) => Promise<Record<string, ContentVerdict>>;
};

/** A checker with its real process, and files in real directories; all of it is gone after the tests of the file. */
export function contentChecks(limits?: Partial<ContentLimits>): CheckedFile {
  const logger = createLogger({ level: "silent", format: "json" });
  const checker = createContentChecker({ logger, ...(limits === undefined ? {} : { limits }) });
  const made = mkdtemp(join(tmpdir(), "orca-content-"));
  afterAll(async () => {
    await checker.close();
    await rm(await made, { recursive: true, force: true });
  });
  return Object.assign(
    async (
      path: string,
      content: string | Uint8Array | null,
      check: Partial<FileCheck>,
      signal: AbortSignal = NEVER,
    ) => {
      const workspaces = createWorkspaces({ root: await made, logger });
      const directory = await workspaces.create({ tenant_id: "t", workflow_id: "w" }, []);
      if (content !== null) {
        await mkdir(dirname(join(directory.path, path)), { recursive: true });
        await writeFile(join(directory.path, path), content);
      }
      return checker.checkFile({ ...NOTHING, path, ...check }, directory, signal);
    },
    {
      checker,
      examine: async (files: Record<string, string>) => {
        const verdicts = await checker.examine(new Map(Object.entries(files)), NEVER);
        return Object.fromEntries(verdicts.map(({ toolchain, verdict }) => [toolchain, verdict]));
      },
    },
  );
}
