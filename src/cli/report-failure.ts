import { CommanderError } from "commander";

import { ConfigError } from "../config/config-error.ts";
import { CliError, type ExitReason, exitCode } from "./exit-code.ts";
import type { Output } from "./output.ts";

type Failure = { readonly reason: ExitReason; readonly code: string; readonly message: string };

/** Codes of the store and the server that a change of the configuration mends. */
const USAGE_CODES = ["storage_url_invalid", "public_without_authentication"];

/** Tells what went wrong, in one line a problem, and returns the exit code. */
export function reportFailure(error: unknown, output: Output, json: boolean): number {
  if (error instanceof CommanderError && error.exitCode === 0) return exitCode("ok");
  const failure = failureOf(error);
  // Commander has complained itself.
  if (!(error instanceof CommanderError))
    for (const line of failure.message.split("\n")) output.complain(line);
  if (json) {
    const { code, message } = failure;
    output.json({ type: "error", code, message, exit_code: exitCode(failure.reason) });
  }
  return exitCode(failure.reason);
}

function failureOf(error: unknown): Failure {
  if (error instanceof CliError) return error;
  if (error instanceof CommanderError) return { reason: "usage", code: "usage", message: usageText(error) };
  if (error instanceof ConfigError)
    return { reason: "usage", code: "invalid_config", message: error.message };
  if (!(error instanceof Error)) return { reason: "failed", code: "internal", message: String(error) };
  const code = "code" in error && typeof error.code === "string" ? error.code : "internal";
  if (error.name === "RefusedFileError") return { reason: "usage", code, message: error.message };
  if (error.name === "StorageError" || error.name === "ListenError") {
    return { reason: USAGE_CODES.includes(code) ? "usage" : "unavailable", code, message: error.message };
  }
  return { reason: "failed", code, message: `unexpected: ${error.message}${detailOf(error)}` };
}

/** Help that stands for a missing command has no words of its own. */
function usageText({ code, message }: CommanderError): string {
  if (code === "commander.help") return "a command is missing";
  return message
    .replace(/^error: /, "")
    .trim()
    .replaceAll(/\s*\n\s*/g, " ");
}

function detailOf(error: Error): string {
  return process.env["DEBUG"] ? `\n${error.stack ?? ""}` : "; run it again with DEBUG=1 for details";
}
