import { maskUrl } from "../config/database-url.ts";
import { commandName } from "./command-name.ts";

/** The options that decide where a command finds its workflows. */
export type GivenPlaces = {
  readonly config?: string | undefined;
  readonly dataDir?: string | undefined;
  readonly database?: string | undefined;
  readonly server?: string | undefined;
};

/** Completes the words of a command to a line that can be typed. */
export type CommandLine = (words: string) => string;

/** Command lines that find what this one found: its places are carried along, the password of a database is not. */
export function commandLine(given: GivenPlaces): CommandLine {
  const carried = [
    ["--config", given.config],
    ["--data-dir", given.dataDir],
    ["--database", given.database === undefined ? undefined : maskUrl(given.database)],
    ["--server", given.server],
  ].flatMap(([option, value]) => (value === undefined ? [] : [` ${option} ${quoted(value)}`]));
  return (words) => `${commandName()} ${words}${carried.join("")}`;
}

/** A word as a shell takes it, in quotes only where it needs them. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./~-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
