import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect } from "vitest";

import { McpServerSettings } from "../../config/mcp-servers.ts";
import { ManualClock } from "../../engine/testing/manual-clock.testsuite.ts";
import type { Logger } from "../../ports/logger.ts";
import type { RoleTool, ToolOutput, ToolSource } from "../../ports/role-tool.ts";
import type { McpFetch } from "../http-fetch.ts";
import type { PinStore } from "../pin.ts";
import { createMcpToolSource } from "../tool-source.ts";
import type { UnrulyFiles } from "./unruly-server.testsuite.ts";

const PROGRAM = fileURLToPath(new URL("unruly-server.testsuite.ts", import.meta.url));

export type Settings = Partial<typeof McpServerSettings._zod.input>;
type LogEntry = { readonly level: string; readonly message: string; readonly fields: unknown };

/** A tool as a server lists it. */
export const listed = (name: string, more: object = {}): object => ({
  name,
  description: `Does ${name}.`,
  inputSchema: { type: "object" },
  ...more,
});

export const signal = (): AbortSignal => new AbortController().signal;

/** An unruly server's files, a source made of it, and what was logged and pinned. */
export class Installation {
  readonly directory = mkdtempSync(join(tmpdir(), "mcp-test-"));
  readonly files: UnrulyFiles = {
    listing: join(this.directory, "listing.json"),
    calls: join(this.directory, "calls"),
  };
  readonly clock = new ManualClock();
  readonly log: LogEntry[] = [];
  readonly pinned = new Map<string, string>();
  readonly pins: { -readonly [Name in keyof PinStore]: PinStore[Name] } = {
    get: (server) => Promise.resolve(this.pinned.get(server) ?? null),
    set: (server, approved) => {
      this.pinned.set(server, approved);
      return Promise.resolve();
    },
  };
  readonly #sources: ToolSource[] = [];

  constructor(tools: readonly object[]) {
    this.list(tools);
  }

  list(tools: readonly object[]): void {
    writeFileSync(this.files.listing, JSON.stringify(tools));
  }

  /** Names of the tools of all calls that have reached the server. */
  get calls(): string[] {
    return existsSync(this.files.calls) ? readFileSync(this.files.calls, "utf8").trim().split("\n") : [];
  }

  forgetCalls(): void {
    appendFileSync(this.files.calls, "");
    rmSync(this.files.calls);
  }

  source(settings: Settings = {}, egress: McpFetch = fetch): ToolSource {
    const { listing, calls } = this.files;
    const args = ["--no-warnings", PROGRAM, listing, calls];
    const parsed = McpServerSettings.parse({
      name: "unruly",
      transport: { kind: "stdio", command: process.execPath, args },
      roles: { implementer: "all" },
      ...settings,
    });
    const { clock, pins } = this;
    const source = createMcpToolSource([parsed], { logger: this.#logger(), egress, pins, clock });
    this.#sources.push(source);
    return source;
  }

  logged(part: string): LogEntry[] {
    return this.log.filter((entry) => JSON.stringify(entry).includes(part));
  }

  async close(): Promise<void> {
    for (const source of this.#sources) await source.close();
    rmSync(this.directory, { recursive: true });
  }

  #logger(): Logger {
    const at = (level: string) => (fields: Readonly<Record<string, unknown>>, message: string) => {
      const { error } = fields;
      const told = error instanceof Error ? { ...fields, error: error.message } : fields;
      this.log.push({ level, message, fields: told });
    };
    const logger: Logger = {
      debug: at("debug"),
      info: at("info"),
      warn: at("warn"),
      error: at("error"),
      child: () => logger,
    };
    return logger;
  }
}

/** Like `expect.poll`, with the patience for a busy machine. */
export const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 10_000 });

export async function toolOf(source: ToolSource, name: string): Promise<RoleTool> {
  const tools = await source.toolsFor("implementer", signal());
  const tool = tools.find((one) => one.name === `mcp__unruly__${name}`);
  if (!tool) throw new Error(`no ${name} among ${tools.map((one) => one.name).join(", ")}`);
  return tool;
}

export function run(tool: RoleTool, given: unknown = {}, given_signal = signal()): Promise<ToolOutput> {
  return tool.run(given, { key: "w/implementer#1/0", signal: given_signal });
}

/** Whether a process still does something: a dead one that nobody has reaped does not. */
export function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch (error) {
    if (
      (error as NodeJS.ErrnoException).code === "ENOENT" ||
      (error as NodeJS.ErrnoException).code === "ESRCH"
    )
      return false;
    throw error;
  }
}
