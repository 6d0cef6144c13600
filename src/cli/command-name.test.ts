import { expect, test } from "vitest";

import { commandName } from "./command-name.ts";

test.each([
  ["/work/ts-orca/scripts/orca.mjs", "npm run -s orca --"],
  ["/work/ts-orca/src/cli/main.ts", "npm run -s orca --"],
  ["/usr/lib/node_modules/ts-orca/dist/cli/main.js", "orca"],
  ["/usr/bin/orca", "orca"],
])("%s is run as %s", (script, name) => expect(commandName(script)).toBe(name));
