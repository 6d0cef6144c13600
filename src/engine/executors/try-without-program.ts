import { stubbedTree } from "../../core/stubbed-tree.ts";
import { runsTests } from "../../core/workflow/decide/supported-words.ts";
import { inSandbox, type Report, type Validation } from "./run-stages.ts";

/** Commands that are tried; more would cost more than they show. */
const MOST_COMMANDS = 3;
/** A program that does nothing may be waited for in vain. */
const MOST_MS = 30_000;

/** Runs what has tested the program once more, on a program that does nothing: what succeeds then has shown nothing. */
export async function tryWithoutProgram(
  validation: Validation,
  reports: readonly Report[],
): Promise<readonly Report[]> {
  const passed = reports.filter(({ status, command }) => status === "passed" && command);
  const tested = passed.flatMap(({ stage, command }) =>
    command && (stage === "test" || (stage === "check" && runsTests(command))) ? [command] : [],
  );
  const commands = [...new Set(tested)].slice(0, MOST_COMMANDS);
  const stubbed = commands.length === 0 ? null : stubbedTree(validation.files, commands);
  if (stubbed === null) return mended(validation);
  const directory = await validation.create(stubbed);
  const problems: string[] = [];
  try {
    for (const command of commands) {
      const ran = await inSandbox({ ...validation, directory }, { command, most_ms: MOST_MS });
      if (ran.ok && ran.result.exit_code === 0 && ran.result.ended_by !== "timeout")
        problems.push(`\`${command}\` also ends well when every function of the program does nothing`);
    }
  } finally {
    await directory.remove();
  }
  if (problems.length === 0) return mended(validation);
  const message = `${problems.join("; ")}: these tests show nothing of it.`;
  // Beside texts and data a program may be an accompaniment that needs no tests.
  const { mode } = validation.context.state().head;
  const blocks = mode !== "docs" && mode !== "content" && mode !== "research";
  return [{ name: NAME, stage: "lint", status: "failed", message, blocks }];
}

const NAME = "tests: effect";

/** Only what was found wanting needs to be shown to be mended. */
function mended({ context }: Validation): readonly Report[] {
  const isKnown = [...context.state().receipts.values()].some(({ name }) => name === NAME);
  return isKnown ? [{ name: NAME, stage: "lint", status: "passed", message: null }] : [];
}
