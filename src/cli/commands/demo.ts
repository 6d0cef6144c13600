import { join } from "node:path";

import type { Command } from "@commander-js/extra-typings";

import { Config } from "../../config/config.ts";
import type { ReceiptView } from "../../contract/receipt-view.ts";
import { makeDirectory } from "../../files/make-directory.ts";
import { closeInTime } from "../close-in-time.ts";
import type { CommandContext } from "../command-context.ts";
import { type CommandLine, commandLine, quoted } from "../command-line.ts";
import { configOf, withConfigOptions } from "../command-options.ts";
import { CONNECTING_ADVICE } from "../connecting-advice.ts";
import { followToEnd } from "../follow-to-end.ts";
import { HttpClient } from "../http-client.ts";
import { receiptLines } from "../receipt-lines.ts";
import { prepareDataDir } from "../server-file.ts";
import type { Session } from "../session.ts";
import { figuresLine, type Watched } from "../watch-workflow.ts";
import { openLocal, type RunServer } from "./run.ts";

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
        const { session, unconfined } = await openDemo(config);
        if (!json) for (const line of openingLines(demoRequest, unconfined)) output.print(line);
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
          closing: async (watched) =>
            closingLines(watched, {
              directory,
              next: commandLine(options),
              receipts: await session.client.listReceipts(workflow.id),
            }),
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

/**
 * What the demo runs came with this package, so it may be run where nothing else may: without a sandbox. `unconfined` is
 * why, null where there is one.
 */
async function openDemo(
  config: Config,
): Promise<{ readonly session: Session; readonly unconfined: string | null }> {
  const server = await openLocal(config, true);
  const health = await server.app.sandbox.health();
  if (health.available) return { session: sessionOn(server), unconfined: null };
  await server.close(0);
  const unconfined = await openLocal({ ...config, sandbox: "unsafe" }, true);
  return { session: sessionOn(unconfined), unconfined: `${health.reason} ${health.install}` };
}

function sessionOn(server: RunServer): Session {
  return {
    client: new HttpClient(server.url),
    place: "here",
    close: (graceMs) => closeInTime(graceMs, () => server.close(graceMs)),
  };
}

function openingLines(request: string, unconfined: string | null): string[] {
  return [
    "A recording: engine, database and provider code are real, what the model said was recorded.",
    ...(unconfined === null
      ? []
      : [`There is no sandbox here, so the demo's own code runs without one: ${unconfined}`]),
    "",
    ...wrapped(request, "  "),
    "",
  ];
}

type ClosingParts = {
  readonly directory: string;
  readonly next: CommandLine;
  readonly receipts: readonly ReceiptView[];
};

function closingLines(watched: Watched, { directory, next, receipts }: ClosingParts): string[] {
  const { workflow, reason } = watched;
  const line = commandLine({ dataDir: directory });
  const again = `see it again:  ${line(`workflows show ${workflow.id}`)}`;
  if (reason !== "ok") return [figuresLine(watched), again];
  const artifacts = artifactsIn(directory);
  return [
    figuresLine(watched),
    ...contrast(receipts),
    "",
    `The artifacts lie in  ${artifacts}`,
    `try them:      cd ${quoted(artifacts)} && node --test`,
    again,
    `take it along: ${line(`workflows bundle ${workflow.id}`)}`,
    "",
    "This was a recording: no model was asked, and nothing left this machine.",
    ...CONNECTING_ADVICE,
    `Then:  ${next('run "what you want"')}`,
  ];
}

/** The check that failed at first, and the same one once the work was repaired. */
function contrast(receipts: readonly ReceiptView[]): string[] {
  const failed = receipts.find(({ status }) => status === "failed" || status === "timed_out");
  const passed = receipts.findLast(
    ({ status, name }) => status === "passed" && (failed === undefined || name === failed.name),
  );
  const both = [failed, passed].filter((receipt) => receipt !== undefined);
  if (both.length === 0) return [];
  return [
    "",
    "What the engine saw when it ran the work itself:",
    ...receiptLines(both).map((line) => `  ${line}`),
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
