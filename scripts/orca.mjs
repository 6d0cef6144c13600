#!/usr/bin/env node
// Starts the command line from the sources. Plain JavaScript, because an older Node can't even read those to say why.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 24 || (major === 24 && minor < 16)) {
  process.stderr.write(`orca: needs Node.js 24.16 or newer; this is ${process.versions.node}\n`);
  process.exit(2);
}
await import("../src/cli/main.ts");
