import { parse } from "yaml";
import { z } from "zod";

import type { DetectedToolchain, ToolchainStage } from "../ports/toolchain.ts";
import { KNOWN_HOSTS } from "./registry-hosts.ts";
import { stage } from "./toolchain.ts";

/** In the root of a tree; says how the tree is built where its other files do not, or not rightly. */
export const CUSTOM_FILE = "orca.toolchain.yaml";
const LONGEST = 16_384;

const Command = z
  .string()
  .min(1)
  .refine((text) => !text.includes("\0"), "a command has no NUL character")
  .nullable()
  .default(null);
const Host = z.string().refine((host) => KNOWN_HOSTS.has(host), {
  error: (issue) =>
    `${String(issue.input)} is not a package registry; there are ${[...KNOWN_HOSTS].toSorted().join(", ")}`,
});

const CustomToolchain = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9][\w.-]{0,63}$/, "a name has 1 to 64 letters, digits, dots, dashes and underscores"),
    prepare: Command,
    build: Command,
    test: Command,
    lint: Command,
    /** For `prepare` alone. */
    network: z.array(Host).default([]),
  })
  .refine((custom) => custom.build !== null || custom.test !== null, "it needs a build or a test command");

/** Throws an Error whose message says what is wrong with the file. */
export function readCustom(text: string): DetectedToolchain {
  const read = CustomToolchain.safeParse(parseYaml(text));
  if (!read.success) throw new Error(`${CUSTOM_FILE} is not used: ${z.prettifyError(read.error)}`);
  const { name, network, ...commands } = read.data;
  const stages = (["prepare", "build", "test", "lint"] as const).flatMap((key): ToolchainStage[] => {
    const command = commands[key];
    if (command === null) return [];
    return [
      stage({ stage: key, command, requires: programOf(command), network: key === "prepare" ? network : [] }),
    ];
  });
  return { name, stages };
}

function parseYaml(text: string): unknown {
  if (text.length > LONGEST)
    throw new Error(`${CUSTOM_FILE} is not used: it is longer than ${LONGEST} characters`);
  try {
    return parse(text, { maxAliasCount: 0, logLevel: "error" });
  } catch (error) {
    throw new Error(`${CUSTOM_FILE} is not used: it is no valid YAML: ${firstLine(error)}`, { cause: error });
  }
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split("\n", 1)[0] ?? "";
}

/** What is built into every shell can't be missing. */
const BUILT_IN = new Set([
  "cd",
  "echo",
  "set",
  "export",
  "test",
  "true",
  "false",
  "if",
  "for",
  "while",
  "exit",
  "eval",
]);

/** The program that the command starts with, when that can be told. */
function programOf(command: string): readonly string[] {
  const first = /^[A-Za-z0-9_][\w.+-]*(?=\s|$)/.exec(command)?.[0];
  return first === undefined || BUILT_IN.has(first) ? [] : [first];
}
