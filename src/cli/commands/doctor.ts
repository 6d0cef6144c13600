import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { promisify } from "node:util";

import type { Command } from "@commander-js/extra-typings";

import type { Config } from "../../config/config.ts";
import { maskUrl } from "../../config/database-url.ts";
import type { CommandContext } from "../command-context.ts";
import { type CommandLine, commandLine } from "../command-line.ts";
import { configOf, withConfigOptions } from "../command-options.ts";
import { CONNECTING_ADVICE } from "../connecting-advice.ts";
import { adviceOn, type SandboxHealth, sandboxLine, workersLine } from "../doctor-advice.ts";
import { CliError, exitCode } from "../exit-code.ts";
import { hookLines } from "../hook-lines.ts";
import { HttpClient } from "../http-client.ts";
import { type Output, paint } from "../output.ts";
import { findServer, prepareDataDir } from "../server-file.ts";
import { openLocal } from "./run.ts";

type Finding = {
  readonly check: string;
  readonly status: "ok" | "warn" | "FAIL";
  readonly detail: string;
  readonly fix: readonly string[];
};

const ASK_MS = 2_000;
const COLOURS = { ok: "green", warn: "yellow", FAIL: "red" } as const;

export function addDoctorCommand(program: Command, context: CommandContext): void {
  const { output } = context;
  withConfigOptions(program.command("doctor"))
    .description("check this machine, the configuration, the database and the providers")
    .action(async (options) => {
      const { config, file, warnings } = configOf(options);
      const findings: Finding[] = [];
      const found = (
        check: string,
        status: Finding["status"],
        detail: string,
        fix: readonly string[] = [],
      ): void => {
        const finding = { check, status, detail, fix };
        findings.push(finding);
        if (!options.json) show(finding, output);
      };
      found("node", "ok", `Node.js ${process.versions.node}, SQLite ${process.versions.sqlite}`);
      found("configuration", "ok", file ?? "no orca.yaml; defaults and environment");
      for (const warning of warnings) found("configuration", "warn", warning);
      const { hasPrice } = await import("../../app/examine.ts");
      for (const { check, detail } of adviceOn(config, (model) => hasPrice(config, model)))
        found(check, "warn", detail);
      for (const line of hookLines(config)) found("hook", "ok", line);
      await examineWorkbench(config, found);
      await examine(config, found, commandLine(options));
      if (!findings.some(({ check, status }) => check === "database" && status === "FAIL"))
        await examineWorkers(config, found, commandLine(options));
      const failed = findings.some(({ status }) => status === "FAIL");
      context.exitCode = exitCode(failed ? "unavailable" : "ok");
      if (options.json) output.json({ healthy: !failed, findings });
    });
}

type Found = (check: string, status: Finding["status"], detail: string, fix?: readonly string[]) => void;

async function examine(config: Config, found: Found, next: CommandLine): Promise<void> {
  const dataDirWorks = await attempt("data directory", found, async () => {
    await prepareDataDir(config);
    return config.data_dir;
  });
  const server = await findServer(config);
  if (server) {
    found("server", "ok", `running at ${server.url} (process ${server.pid})`);
    await examineApi(new HttpClient(server.url), maskUrl(config.database), found);
    await examineDefaultModel(new HttpClient(server.url), config, { found, next });
    return;
  }
  await attempt("port", found, () => freePort(config));
  if (!dataDirWorks) return;
  const quiet: Config = { ...config, log: { ...config.log, level: "silent" } };
  await attempt("database", found, async () => {
    const local = await openLocal(quiet, false);
    try {
      await examineApi(new HttpClient(local.url), null, found);
      await examineDefaultModel(new HttpClient(local.url), config, { found, next });
    } finally {
      await local.close(0);
    }
    return `${maskUrl(config.database)} opens and its tables are up to date`;
  });
}

/** What checks the work: the sandbox is tried by running something in it. */
async function examineWorkbench(config: Config, found: Found): Promise<void> {
  const health = await sandboxHealth(config);
  const { status, detail, fix } = sandboxLine(health);
  found("sandbox", status, detail, fix);
  await promisify(execFile)("git", ["--version"]).then(
    ({ stdout }) => found("git", "ok", stdout.trim()),
    () =>
      found("git", "warn", "not found: there are no diffs and no repositories to start from", [GIT_ADVICE]),
  );
}

async function sandboxHealth(config: Config): Promise<SandboxHealth> {
  const { openWorkbench } = await import("../../app/open-workbench.ts");
  const { systemClock } = await import("../../app/system-clock.ts");
  // The sandbox alone is asked: nothing else has to be opened for that.
  const quiet: Config = { ...config, mcp_servers: [], workspace: { allowed: [] } };
  const workbench = await openWorkbench({ config: quiet, clock: systemClock, logger: SILENT });
  try {
    return await workbench.sandbox.health();
  } finally {
    await workbench.close();
  }
}

const GIT_ADVICE = "install it: apt-get install git, apk add git or brew install git";
const nothing = (): void => undefined;
const SILENT = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => SILENT };

/** On PostgreSQL a workflow may be taken by a node that runs none. */
async function examineWorkers(config: Config, found: Found, next: CommandLine): Promise<void> {
  const quiet: Config = { ...config, log: { ...config.log, level: "silent" } };
  const { nodesOf } = await import("../../app/examine.ts");
  try {
    const nodes = await nodesOf(quiet);
    if (nodes === null) return;
    const { status, detail } = workersLine(nodes, { now: Date.now(), start: next("serve --role worker") });
    found("workers", status, detail);
  } catch (error) {
    found("workers", "FAIL", (error as Error).message);
  }
}

async function examineApi(client: HttpClient, database: string | null, found: Found): Promise<void> {
  if (database !== null) {
    await attempt("database", found, async () => {
      await client.listWorkflows({ limit: 1 });
      return `${database} answers the running server`;
    });
  }
  const { data } = await client.listProviders();
  if (data.length === 0) found("models", "warn", "no provider is configured", CONNECTING_ADVICE);
  for (const { name } of data) {
    const { healthy, latency_ms, message } = await client.testProvider(name);
    if (healthy) found(`provider ${name}`, "ok", `answers in ${Math.round(latency_ms)} ms`);
    else found(`provider ${name}`, "FAIL", message ?? "does not answer");
  }
}

/** What the Director and the others are asked with must be there; a provider that lists nothing is taken at its word. */
async function examineDefaultModel(
  client: HttpClient,
  config: Config,
  { found, next }: { readonly found: Found; readonly next: CommandLine },
): Promise<void> {
  const chosen = config.workflow.default_model;
  if (chosen === null) return;
  const slash = chosen.indexOf("/");
  const [provider, model] = [chosen.slice(0, slash), chosen.slice(slash + 1)];
  const names = (await client.listProviders()).data.map(({ name }) => name);
  if (!names.includes(provider)) {
    const configured = names.length === 0 ? "none is configured" : `configured: ${names.join(", ")}`;
    found("default model", "FAIL", `${chosen}: there is no provider ${provider}; ${configured}`);
    return;
  }
  const models = await client.listModels(provider).catch((error: unknown) => {
    if (error instanceof CliError) return null;
    throw error;
  });
  if (models === null) found("default model", "warn", `${chosen}: ${provider} did not list its models`);
  else if (models.some(({ id }) => id === model)) found("default model", "ok", chosen);
  else {
    const advice = `see what there is with: ${next(`models ${provider}`)}`;
    found("default model", "warn", `${chosen} is not in the list of ${provider}`, [advice]);
  }
}

async function attempt(check: string, found: Found, work: () => Promise<string>): Promise<boolean> {
  try {
    found(check, "ok", await work());
    return true;
  } catch (error) {
    found(check, "FAIL", (error as Error).message);
    return false;
  }
}

async function freePort({ host, port }: Config): Promise<string> {
  const server = createServer();
  server.listen(port, host);
  try {
    await once(server, "listening");
    return port === 0 ? "a free one is taken" : `${port} on ${host} is free`;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === "EADDRINUSE" ? await whoHas(host, port) : `can't be used (${code})`;
    throw new Error(`port ${port} on ${host} ${why}`, { cause: error });
  } finally {
    if (server.listening) server.close();
  }
}

async function whoHas(host: string, port: number): Promise<string> {
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
  try {
    const { version } = await new HttpClient(url).health(AbortSignal.timeout(ASK_MS));
    if (typeof version === "string") {
      return `is in use by another orca (${version}) on another data directory or database; use that one with --server ${url}, or choose another port with ORCA_PORT`;
    }
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
  }
  return "is in use by another program; choose another with ORCA_PORT";
}

function show({ check, status, detail, fix }: Finding, output: Output): void {
  output.print(` ${paint(COLOURS[status], status.padEnd(4), output.out)}  ${check.padEnd(18)}  ${detail}`);
  for (const line of fix) output.print(`${" ".repeat(27)}${line}`);
}
