import type { Command } from "@commander-js/extra-typings";

import { packageVersion } from "../../config/package-version.ts";
import type { CommandContext } from "../command-context.ts";
import { jsonOption } from "../command-options.ts";

export function addVersionCommand(program: Command, { output }: CommandContext): void {
  program
    .command("version")
    .description("print the versions of orca and what it stands on")
    .addOption(jsonOption)
    .action(({ json }) => {
      const versions = {
        orca: packageVersion(),
        node: process.versions.node,
        sqlite: process.versions.sqlite,
      };
      if (json) output.json(versions);
      else output.print(`orca ${versions.orca} (Node.js ${versions.node}, SQLite ${versions.sqlite})`);
    });
}
