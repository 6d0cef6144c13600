import type { Output } from "./output.ts";

/** What commands are given: where to speak, and a place for the exit code. */
export type CommandContext = { readonly output: Output; exitCode: number };
