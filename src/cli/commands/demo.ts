import { join } from "node:path";

import type { Command } from "@commander-js/extra-typings";

import { Config } from "../../config/config.ts";
import { makeDirectory } from "../../files/make-directory.ts";
import { closeInTime } from "../close-in-time.ts";
import type { CommandContext } from "../command-context.ts";
import { type CommandLine, commandLine, quoted } from "../command-line.ts";
import { configOf, withConfigOptions } from "../command-options.ts";
import { CONNECTING_ADVICE } from "../connecting-advice.ts";
import { followToEnd } from "../follow-to-end.ts";
import { HttpClient } from "../http-client.ts";
import { prepareDataDir } from "../server-file.ts";
import type { Session } from "../session.ts";
import { figuresLine, type Watched } from "../watch-workflow.ts";
import { openLocal } from "./run.ts";

/** Long enough to be read along, short enough to wait for. */
const LATENCY_MS = 400;
const LINE_WIDTH = 96;

export function addDemoCommand(program: Command, context: CommandContext): void {
  const { output } = context;
  withConfigOptions(program.command("demo"))
    .description(
      "run a bundled request through the real engine with recorded answers; needs no model and no network",
    )
    .action(async (options) => {
      const { config: own } = configOf(options);
      await prepareDataDir(own);
      const json = options.json === true;
      const { demoModel, demoMode, demoRequest } = await import("../../demo/demo-request.ts");
      const { recordedAnswers } = await import("../../demo/recorded-answers.ts");
      const { startRecordingServer } = await import("../recording-server.ts");
      const directory = join(own.data_dir, "demo", new Date().toISOString().replaceAll(/[:.]/g, "-"));
      await makeDirectory(directory);
      const model = demoModel.slice(demoModel.indexOf("/") + 1);
      const recording = await startRecordingServer(model, recordedAnswers, LATENCY_MS);
      try {
        const config = demoConfig(directory, demoModel, recording.url);
        const session = await openDemo(config);
        if (!json) for (const line of openingLines(demoRequest)) output.print(line);
        const workflow = await session.client.createWorkflow({
          request: demoRequest,
          mode: demoMode,
          delivery: { action: "directory", config: { path: artifactsIn(directory) } },
        });
        context.exitCode = await followToEnd(workflow.id, session, {
          config,
          output,
          json,
          stream: output.out,
          next: commandLine({ dataDir: directory }),
          reopen: () => Promise.resolve(session),
          closing: (watched) => closingLines(watched, directory, commandLine(options)),
        });
      } finally {
        await recording.close();
      }
    });
}

/** Its own database and directory: the demo never mixes with what the user has. */
function demoConfig(directory: string, model: string, url: string): Config {
  return Config.parse({
    data_dir: directory,
    database: `sqlite:${join(directory, "orca.db")}`,
    log: { level: "silent" },
    providers: [
      {
        name: model.slice(0, model.indexOf("/")),
        kind: "openai-compatible",
        base_url: url,
        send_trace_headers: true,
      },
    ],
    workflow: { default_model: model },
    delivery: { directory: { allowed: [directory] } },
  });
}

async function openDemo(config: Config): Promise<Session> {
  const server = await openLocal(config, true);
  return {
    client: new HttpClient(server.url),
    place: "here",
    close: (graceMs) => closeInTime(graceMs, () => server.close(graceMs)),
  };
}

function openingLines(request: string): string[] {
  return [
    "A recording: engine, database and provider code are real, what the model said was recorded.",
    "",
    ...wrapped(request, "  "),
    "",
  ];
}

function closingLines(watched: Watched, directory: string, next: CommandLine): string[] {
  const { workflow, reason } = watched;
  const again = `see it again:  ${commandLine({ dataDir: directory })(`workflows show ${workflow.id}`)}`;
  if (reason !== "ok") return [figuresLine(watched), again];
  const artifacts = artifactsIn(directory);
  return [
    figuresLine(watched),
    "",
    `The artifacts lie in  ${artifacts}`,
    `try them:      cd ${quoted(artifacts)} && node --test`,
    again,
    "",
    "This was a recording: no model was asked, and nothing left this machine.",
    ...CONNECTING_ADVICE,
    `Then:  ${next('run "what you want"')}`,
  ];
}

function artifactsIn(directory: string): string {
  return join(directory, "artifacts");
}

function wrapped(text: string, indent: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < LINE_WIDTH)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`${indent}${word}`);
  }
  return lines;
}
