import { Command } from "@commander-js/extra-typings";

import { packageVersion } from "../config/package-version.ts";
import type { CommandContext } from "./command-context.ts";
import { commandName } from "./command-name.ts";
import { addApprovalCommands } from "./commands/approvals.ts";
import { addBackupCommand } from "./commands/backup.ts";
import { addConfigCommand } from "./commands/config.ts";
import { addDeliverCommand } from "./commands/deliver.ts";
import { addDemoCommand } from "./commands/demo.ts";
import { addDoctorCommand } from "./commands/doctor.ts";
import { addMigrateCommand } from "./commands/migrate.ts";
import { addModelsCommand } from "./commands/models.ts";
import { addPruneCommand } from "./commands/prune.ts";
import { addRestoreCommand } from "./commands/restore.ts";
import { addRunCommand } from "./commands/run.ts";
import { addSecretsCommand } from "./commands/secrets.ts";
import { addServeCommand } from "./commands/serve.ts";
import { addUsageCommand } from "./commands/usage.ts";
import { addVersionCommand } from "./commands/version.ts";
import { addWebhooksCommand } from "./commands/webhooks.ts";
import { addWorkflowsCommand } from "./commands/workflows.ts";
import { EXIT_CODES } from "./exit-code.ts";
import { openOutput } from "./output.ts";
import { reportFailure } from "./report-failure.ts";

const EXIT_CODE_HELP = [
  "",
  "Exit codes:",
  ...Object.values(EXIT_CODES).map(([code, meaning]) => `  ${String(code).padEnd(4)} ${meaning}`),
  "",
  `Begin with:  ${commandName()} demo   or   ${commandName()} run "Write a CSV linter in Python"`,
].join("\n");

/** Advice that commander puts on a line of its own stays with its complaint. */
function oneLine(text: string): string {
  return text.trim().replaceAll(/\s*\n\s*/g, " ");
}

/** Runs one command line. Resolves with the exit code; never rejects. */
export async function runProgram(argv: readonly string[]): Promise<number> {
  const context: CommandContext = { output: openOutput(), exitCode: 0 };
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    // The reader of a pipe has gone: nobody is left to tell anything.
    if (error.code === "EPIPE") process.exit(context.exitCode);
    throw error;
  });
  const program = new Command("orca")
    .description("Turns a request into checked, delivered work through a pipeline of model roles.")
    .version(packageVersion())
    .helpCommand(true)
    .addHelpText("after", EXIT_CODE_HELP)
    .configureOutput({
      outputError: (text, write) => write(`orca: ${oneLine(text.replace(/^error: /, ""))}\n`),
    })
    .exitOverride();
  addServeCommand(program, context);
  addRunCommand(program, context);
  addWorkflowsCommand(program, context);
  addApprovalCommands(program, context);
  addDeliverCommand(program, context);
  addModelsCommand(program, context);
  addUsageCommand(program, context);
  addSecretsCommand(program, context);
  addWebhooksCommand(program, context);
  addDemoCommand(program, context);
  addDoctorCommand(program, context);
  addMigrateCommand(program, context);
  addBackupCommand(program, context);
  addRestoreCommand(program, context);
  addPruneCommand(program, context);
  addConfigCommand(program, context);
  addVersionCommand(program, context);
  try {
    await program.parseAsync(argv);
    return context.exitCode;
  } catch (error) {
    return reportFailure(error, context.output, argv.includes("--json"));
  }
}
