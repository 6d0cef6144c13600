import { Writable } from "node:stream";
import { stripVTControlCharacters } from "node:util";

import { CommanderError } from "commander";
import { expect, test } from "vitest";

import { ConfigError } from "../config/config-error.ts";
import { CliError } from "./exit-code.ts";
import { openOutput } from "./output.ts";
import { reportFailure } from "./report-failure.ts";

class CodedError extends Error {
  readonly code: string;
  constructor(name: string, code: string) {
    super("told");
    this.name = name;
    this.code = code;
  }
}

function reported(error: unknown, json = false): { code: number; out: string; talk: string } {
  const said = { out: "", talk: "" };
  const into = (key: "out" | "talk") =>
    new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        said[key] += stripVTControlCharacters(chunk.toString());
        done();
      },
    });
  const code = reportFailure(error, openOutput(into("out"), into("talk")), json);
  return { code, ...said };
}

test.each([
  [new CliError("not_found", "told"), 5],
  [new CliError("unavailable", "told"), 69],
  [new ConfigError(["told"]), 2],
  [new CodedError("StorageError", "storage_unreachable"), 69],
  [new CodedError("StorageError", "storage_url_invalid"), 2],
  [new CodedError("RefusedFileError", "file_refused"), 2],
  [new CodedError("ListenError", "port_in_use"), 69],
  [new CodedError("ListenError", "public_without_authentication"), 2],
])("%s ends with one line and its exit code", (error, code) => {
  expect(reported(error)).toEqual({ code, out: "", talk: "orca: told\n" });
});

test("what nobody expected is a failure that says how to learn more", () => {
  const { code, talk } = reported(new TypeError("x is not a function"));
  expect(code).toBe(1);
  expect(talk).toBe("orca: unexpected: x is not a function; run it again with DEBUG=1 for details\n");
});

test("help is no failure, wrong usage is", () => {
  expect(reported(new CommanderError(0, "commander.helpDisplayed", "")).code).toBe(0);
  expect(reported(new CommanderError(1, "commander.unknownOption", "")).code).toBe(2);
});

test("programs read the same from the standard output", () => {
  expect(JSON.parse(reported(new CliError("usage", "told", { code: "invalid_request" }), true).out)).toEqual({
    type: "error",
    code: "invalid_request",
    message: "told",
    exit_code: 2,
  });
});

test("programs read wrong usage as well, which commander has complained of to people", () => {
  const error = new CommanderError(1, "commander.unknownOption", "error: unknown option '--jsn'");
  const { out, talk } = reported(error, true);
  expect(talk).toBe("");
  expect(JSON.parse(out)).toEqual({
    type: "error",
    code: "usage",
    message: "unknown option '--jsn'",
    exit_code: 2,
  });
});
