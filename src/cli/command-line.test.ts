import { expect, test } from "vitest";

import { commandLine, quoted } from "./command-line.ts";

test("a command line carries the places that were given, and no password", () => {
  const next = commandLine({
    dataDir: "/my data",
    config: "orca.yaml",
    database: "postgres://u:hunter2@h/d",
    server: undefined,
  });
  expect(next("workflows watch w")).toMatch(
    / workflows watch w --config orca\.yaml --data-dir '\/my data' --database 'postgres:\/\/u:\*{4}@h\/d'$/,
  );
  expect(commandLine({})("serve")).toMatch(/ serve$/);
});

test.each([
  ["plain-1./x", "plain-1./x"],
  ["it's $HOME", `'it'\\''s $HOME'`],
  ["", "''"],
])("%j stands as %s in a shell", (word, text) => expect(quoted(word)).toBe(text));
