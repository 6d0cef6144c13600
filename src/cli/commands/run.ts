import { resolve } from "node:path";
import { buffer } from "node:stream/consumers";

import { type Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";

import type { Config } from "../../config/config.ts";
import { packageVersion } from "../../config/package-version.ts";
import type { CreateWorkflowBody } from "../../contract/workflow-request.ts";
import { MODES } from "../../core/role-name.ts";
import { type Budget, type Gate, GATES, NO_BUDGET } from "../../core/workflow-config.ts";
import { budgetOf, withBudgetOptions } from "../budget-options.ts";
import type { CommandContext } from "../command-context.ts";
import { commandLine, quoted } from "../command-line.ts";
import { commandName } from "../command-name.ts";
import { configOf, serverOption, wholeNumber, withConfigOptions } from "../command-options.ts";
import { deliveryOf, settingOption } from "../delivery-options.ts";
import type { SandboxHealth } from "../doctor-advice.ts";
import { CliError } from "../exit-code.ts";
import { followToEnd } from "../follow-to-end.ts";
import { pinnedModel } from "../pinned-model.ts";
import { proveWritable, saveArtifacts } from "../save-artifacts.ts";
import { type OpenedServer, openSession } from "../session.ts";

export function addRunCommand(program: Command, context: CommandContext): void {
  const { output } = context;
  withBudgetOptions(withConfigOptions(program.command("run")))
    .description("have a request worked on and follow it to its end")
    .argument("<request>", "what you want, in plain words; - reads it from the standard input")
    .allowExcessArguments()
    .addOption(new Option("--mode <mode>", "kind of work; the Director chooses when absent").choices(MODES))
    .option("--title <title>", "title; the Director writes one when absent")
    .option("--model <provider/model>", "use this model for every role")
    .option("--max-qa-retries <number>", "repair cycles before it fails", wholeNumber)
    .option("--out <dir>", "write the artifacts there when it is completed")
    .option("--force", "let --out overwrite files that have other content")
    .option("--no-input", "never ask (orca asks nothing so far)")
    .option("--workspace <repo>", "an existing repository to start from: a directory or an https URL")
    .option("--ref <ref>", "branch, tag or commit of it; its HEAD when absent")
    .option("--path <dir>", "a directory of it; all of it when absent")
    .addOption(gateOption())
    .option("--deliver <action>", "hand it over by this way; what suits the work when absent")
    .addOption(settingOption())
    .option("--verbose", "show the calls of tools, and the log of an engine that runs in this process")
    .addOption(serverOption)
    .action(async (request, options, command) => {
      refuseLooseWords(command.args);
      const { config } = configOf(options);
      const { out, force = false, json = false } = options;
      const body = { request: await requestText(request), ...settingsOf(options, budgetOf(options)) };
      const open = () =>
        openSession({
          config: options.verbose ? config : quiet(config),
          server: options.server,
          execute: true,
          openLocal,
        });
      if (out !== undefined) await proveWritable(out);
      const session = await open();
      const workflow = await session.client.createWorkflow(body).catch(async (error: unknown) => {
        await session.close(0);
        throw error;
      });
      if (!json) {
        const place = session.place === "here" ? "engine in this process" : session.client.url;
        output.say(`${workflow.id}  ${place}`);
      }
      context.exitCode = await followToEnd(workflow.id, session, {
        config,
        output,
        json,
        verbose: options.verbose === true,
        stream: output.talk,
        reopen: open,
        next: commandLine(options),
        out,
        save: async ({ client }, directory) => {
          const files = await saveArtifacts(client, workflow.id, { directory, force });
          if (!json) for (const file of files) output.print(file);
        },
      });
    });
}

function gateOption() {
  return new Option("--gate <gate>", "wait there for your approval; give it twice for both")
    .choices(GATES)
    .argParser(collectGates);
}

function collectGates(text: string, before: Gate[] = []): Gate[] {
  const gate = GATES.find((each) => each === text);
  if (gate === undefined) throw new InvalidArgumentError(`Allowed choices are ${GATES.join(", ")}.`);
  return [...new Set([...before, gate])];
}

function refuseLooseWords(words: readonly string[]): void {
  if (words.length < 2) return;
  const line = `${commandName()} run ${quoted(words.join(" "))}`;
  throw new CliError("usage", `put the request in quotes: ${line}`);
}

/** A server of this process, and whether what models have written can be run in it. */
export type RunServer = OpenedServer & {
  readonly app: { readonly sandbox: { health(): Promise<SandboxHealth> } };
};

/**
 * The application and its API in this process, on a free port that only this machine reaches. The role of the
 * configuration is that of `orca serve`; here a command needs the API, and an engine only when it has work for one.
 */
export async function openLocal(config: Config, execute: boolean): Promise<RunServer> {
  const { openLocalServer } = await import("../../app/local-server.ts");
  const sqlite = config.database.startsWith("sqlite:");
  const here: Config = { ...config, role: execute || sqlite ? "all" : "api" };
  return openLocalServer(here, { host: "127.0.0.1", port: 0, version: packageVersion(), execute });
}

/** The log would run through the progress. */
function quiet(config: Config): Config {
  return { ...config, log: { ...config.log, level: "silent" } };
}

async function requestText(argument: string): Promise<string> {
  if (argument !== "-") return argument;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await buffer(process.stdin));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new CliError("usage", "the request on the standard input is not UTF-8", { cause: error });
  }
}

type RunOptions = {
  readonly mode?: CreateWorkflowBody["mode"];
  readonly title?: string;
  readonly model?: string;
  readonly maxQaRetries?: number;
  readonly workspace?: string;
  readonly ref?: string;
  readonly path?: string;
  readonly gate?: Gate[];
  readonly deliver?: string;
  readonly set?: Parameters<typeof deliveryOf>[1];
};

function settingsOf(
  { mode, title, model, maxQaRetries, gate, deliver, set, ...place }: RunOptions,
  budget: Partial<Budget> | undefined,
): Omit<CreateWorkflowBody, "request"> {
  return {
    mode: mode ?? null,
    title: title ?? null,
    ...(model === undefined ? {} : pinnedModel(model)),
    max_qa_retries: maxQaRetries ?? null,
    ...(budget === undefined ? {} : { budget: { ...NO_BUDGET, ...budget } }),
    ...(gate === undefined ? {} : { gates: gate }),
    delivery: deliveryOf(deliver, set),
    ...workspaceOf(place),
  };
}

/** A directory is meant as it is seen from here; the server reads it, so that it must be the same there. */
function workspaceOf({
  workspace,
  ref,
  path,
}: Pick<RunOptions, "workspace" | "ref" | "path">): Pick<CreateWorkflowBody, "workspace"> {
  if (workspace === undefined) {
    if (ref === undefined && path === undefined) return {};
    throw new CliError("usage", "--ref and --path go with --workspace");
  }
  const repo = /^[a-z+]+:\/\//i.test(workspace) ? workspace : resolve(workspace);
  return { workspace: { repo, ref: ref ?? null, path: path ?? null } };
}
