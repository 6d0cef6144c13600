#!/usr/bin/env node
import module from "node:module";

// Older Node must get as far as this line: nothing newer than it may be imported or used before the check.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 24 || (major === 24 && minor < 16)) {
  process.stderr.write(`orca: needs Node.js 24.16 or newer; this is ${process.versions.node}\n`);
  process.exit(2);
}
module.enableCompileCache();
const { runProgram } = await import("./program.ts");
process.exitCode = await runProgram(process.argv);
