import type { Check, CommandCheck, FileCheck, HttpCheck } from "../../core/check.ts";
import { HTTP_PROBE, probeAnswer } from "../http-probe.ts";
import { inSandbox, type Report, seenIn, timedOut, type Validation } from "./run-stages.ts";

type CheckReport = Omit<Report, "name" | "stage">;

/** Decides one criterion by its check. */
export function runCheck(
  validation: Validation,
  check: Exclude<Check, { kind: "rubric" }>,
): Promise<CheckReport> {
  switch (check.kind) {
    case "command":
      return runCommandCheck(validation, check);
    case "file":
      return runFileCheck(validation, check);
    case "http":
      return runHttpCheck(validation, check);
  }
}

const PROGRAM_NOT_FOUND = 127;

async function runCommandCheck(validation: Validation, check: CommandCheck): Promise<CheckReport> {
  const { command } = check;
  const ran = await inSandbox(validation, { command });
  if (!ran.ok) return { command, ...ran.report };
  const { result } = ran;
  const seen = { command, sandbox: ran.sandbox, ...seenIn(result) };
  if (result.ended_by === "timeout") return { ...seen, ...timedOut(result) };
  const missing = result.exit_code === PROGRAM_NOT_FOUND ? missingProgram(command, result.output) : null;
  if (missing !== null) {
    const message = `${missing} was not found: install it and put it on the PATH of the server.`;
    return { ...seen, status: "unavailable", missing: "program", message };
  }
  const problems: string[] = [];
  if (result.exit_code !== check.exit_code)
    problems.push(
      `exit code ${result.exit_code ?? "none (a signal ended it)"} where ${check.exit_code} is expected`,
    );
  if (check.output_contains !== null && !result.output.includes(check.output_contains))
    problems.push(`the output does not contain ${JSON.stringify(check.output_contains)}`);
  return { ...seen, ...verdictOf(problems) };
}

/** The program that the command begins with, when the shell did not find just that; anything else is the tree's own fault. */
function missingProgram(command: string, output: string): string | null {
  const program = /^\s*([\w.+-]+)/.exec(command)?.[1];
  if (program === undefined) return null;
  const said = new RegExp(String.raw`(^|[\s:])${RegExp.escape(program)}: (command )?not found`, "m");
  return said.test(output) ? program : null;
}

async function runFileCheck(
  { parts, directory, context }: Validation,
  check: FileCheck,
): Promise<CheckReport> {
  const started = performance.now();
  const verdict = await parts.contents.checkFile(check, directory, context.signal);
  const duration_ms = Math.round(performance.now() - started);
  return {
    duration_ms,
    output_tail: verdict.problems.join("\n"),
    ...verdictOf(verdict.problems, verdict.passed),
  };
}

async function runHttpCheck(validation: Validation, check: HttpCheck): Promise<CheckReport> {
  const command = `${check.start} # ${check.method} ${check.path}`;
  const ran = await inSandbox(validation, {
    command: '"$ORCA_NODE" -e "$ORCA_PROBE"',
    env: { ORCA_NODE: process.execPath, ORCA_PROBE: HTTP_PROBE, ORCA_CHECK: JSON.stringify(check) },
    readable: [process.execPath],
  });
  if (!ran.ok) return { command, ...ran.report };
  const { result } = ran;
  const answer = result.exit_code === 0 ? probeAnswer(result.output) : null;
  const seen = {
    command,
    sandbox: ran.sandbox,
    ...seenIn(result),
    output_tail: answer?.log ?? result.output,
  };
  if (result.ended_by === "timeout") return { ...seen, ...timedOut(result) };
  if (answer === null) return { ...seen, ...verdictOf(["the server could not be asked: nothing came back"]) };
  if ("problem" in answer) return { ...seen, ...verdictOf([answer.problem]) };
  const problems: string[] = [];
  if (answer.status !== check.status)
    problems.push(`status ${answer.status} where ${check.status} is expected`);
  if (check.body_contains !== null && !answer.body.includes(check.body_contains))
    problems.push(
      `the body does not contain ${JSON.stringify(check.body_contains)}: ${answer.body.slice(0, 300)}`,
    );
  return { ...seen, ...verdictOf(problems) };
}

function verdictOf(
  problems: readonly string[],
  passed = problems.length === 0,
): Pick<Report, "status" | "message"> {
  return passed
    ? { status: "passed", message: null }
    : { status: "failed", message: `${problems.join("; ")}.` };
}
