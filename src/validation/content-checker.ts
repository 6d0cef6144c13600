import { refusalOfPath } from "../core/artifact-path.ts";
import type { FileCheck } from "../core/check.ts";
import type { Logger } from "../ports/logger.ts";
import type { ContentChecker, ContentVerdict } from "../ports/toolchain.ts";
import type { WorkingDirectory } from "../ports/workspace.ts";
import type { ContentJob, ContentFindings, NamedText } from "./content-job.ts";
import type { ContentLimits, Outcome } from "./content-process.ts";
import { ContentProcesses } from "./content-processes.ts";
import { isData, isDocument } from "./examined-files.ts";

const USUAL_LIMITS: ContentLimits = { time_ms: 10_000, heap_mb: 512 };
/** Bytes of a file that is checked. */
const LONGEST_FILE = 64 * 1024 ** 2;
const MOST_PROBLEMS = 30;
const LONGEST_PROBLEM = 600;

export type ContentCheckerSettings = {
  readonly logger: Logger;
  readonly limits?: Partial<ContentLimits>;
};

/** Its methods reject when the process for it can't be started; whatever the content does is a verdict. */
export function createContentChecker({ logger, limits }: ContentCheckerSettings): ContentChecker {
  const allLimits = { ...USUAL_LIMITS, ...limits };
  const processes = new ContentProcesses(allLimits);
  const decide = async (job: ContentJob, signal: AbortSignal): Promise<ContentVerdict> => {
    const outcome = await processes.run(job, signal);
    if ("ended" in outcome) logger.warn({ ...outcome, job: job.kind }, "a content check was ended");
    return verdictOf(toFindings(outcome, allLimits));
  };
  return {
    checkFile: (check, directory, signal) => checkFile({ check, directory, signal }, decide),
    async examine(files, signal) {
      const entries = [...files].toSorted(([a], [b]) => (a < b ? -1 : 1));
      const documents = entries.filter(([path]) => isDocument(path));
      const data = entries.filter(([path]) => isData(path));
      const examine = async (toolchain: "documents" | "data", of: readonly NamedText[], job: ContentJob) =>
        of.length === 0 ? [] : [{ toolchain, verdict: await decide(job, signal) }];
      const verdicts = await Promise.all([
        examine("documents", documents, { kind: "documents", documents, paths: [...files.keys()] }),
        examine("data", data, { kind: "data", data }),
      ]);
      return verdicts.flat();
    },
    close: () => processes.close(),
  };
}

type FileToCheck = {
  readonly check: FileCheck;
  readonly directory: WorkingDirectory;
  readonly signal: AbortSignal;
};

async function checkFile(
  { check, directory, signal }: FileToCheck,
  decide: (job: ContentJob, signal: AbortSignal) => Promise<ContentVerdict>,
): Promise<ContentVerdict> {
  signal.throwIfAborted();
  const refusal = refusalOfPath(check.path);
  if (refusal !== null)
    return failed(`${JSON.stringify(check.path)} can't be the path of a file: ${refusal}`);
  let bytes: Uint8Array | null;
  try {
    bytes = await directory.read(check.path, LONGEST_FILE);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return failed(`${check.path} can't be read: ${reason}`);
  }
  if (bytes === null) return failed(`${check.path} is missing`);
  if (onlyExists(check))
    return isBlank(bytes) && !MAY_BE_EMPTY.test(check.path)
      ? failed(`${check.path} is empty`)
      : { passed: true, problems: [] };
  return decide({ kind: "file", check, bytes }, signal);
}

/** Files whose being there says everything. */
const MAY_BE_EMPTY = /(^|\/)(__init__\.py|py\.typed|\.[^/]+)$/;

function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d));
}

function onlyExists(check: FileCheck): boolean {
  const { kind: _kind, path: _path, contains, headings, columns, ...rest } = check;
  const lists = [contains, headings, columns];
  return lists.every((list) => list.length === 0) && Object.values(rest).every((value) => value === null);
}

function toFindings(outcome: Outcome, limits: ContentLimits): ContentFindings {
  if (!("ended" in outcome)) return outcome;
  const what = outcome.at ?? "The content";
  const problem =
    outcome.ended === "time"
      ? `${what} could not be checked within ${limits.time_ms / 1_000} s: make it or the check simpler`
      : `${what} needs more memory than a check may use: make it or the check smaller`;
  return { problems: [problem], notes: [] };
}

/** Notes stand among the problems of a verdict, marked as such. */
function verdictOf({ problems, notes }: ContentFindings): ContentVerdict {
  const all = [...problems, ...notes.map((note) => `note: ${note}`)].map(cleaned);
  const most = all.slice(0, MOST_PROBLEMS);
  const more = all.length > most.length ? [`and ${all.length - most.length} more`] : [];
  return { passed: problems.length === 0, problems: [...most, ...more] };
}

function failed(problem: string): ContentVerdict {
  return verdictOf({ problems: [problem], notes: [] });
}

/** Names and texts of the tree stand in it: one line, without control characters. */
function cleaned(problem: string): string {
  const line = problem.toWellFormed().replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ");
  return line.length > LONGEST_PROBLEM ? `${line.slice(0, LONGEST_PROBLEM).toWellFormed()}…` : line;
}
