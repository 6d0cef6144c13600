import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";

import type { JSONRPCMessage, Transport } from "@modelcontextprotocol/client";

import type { Logger } from "../ports/logger.ts";
import { cleanLine } from "./clean-text.ts";
import { LONGEST_MESSAGE, type FloodGauge } from "./flood-gauge.ts";

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

export type StdioParts = {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly logger: Logger;
  readonly gauge: FloodGauge;
  /** Throws on what is no message of JSON-RPC. */
  readonly parse: (line: string) => JSONRPCMessage;
  /** Told once when the server has to be given up; `why` ends a sentence. */
  readonly onBroken: (why: string) => void;
};

const SYSTEM_PATHS = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
const GRACE_MS = 1_000;
const MOST_UNREAD = 16 * 1024 * 1024;
const MOST_STDERR = 64 * 1024;
const LINE_FEED = 10;

/**
 * JSON-RPC by lines with a child process. The SDK's own passes on parts of our environment and ends only the process
 * it has started; this one passes on nothing and ends the whole process group.
 */
export class StdioTransport implements Transport {
  onclose: Transport["onclose"];
  onerror: Transport["onerror"];
  onmessage: Transport["onmessage"];
  readonly #parts: StdioParts;
  readonly #gone = Promise.withResolvers<void>();
  #starting: Promise<void> | null = null;
  #child: Child | null = null;
  #home: string | null = null;
  #partial: Buffer[] = [];
  #held = 0;
  #ending = false;
  #stderrLeft = MOST_STDERR;

  constructor(parts: StdioParts) {
    this.#parts = parts;
  }

  start(): Promise<void> {
    this.#starting = this.#start();
    return this.#starting;
  }

  async #start(): Promise<void> {
    const { command, args } = this.#parts;
    this.#home = await mkdtemp(join(tmpdir(), "orca-mcp-"));
    const child = spawn(command, args, {
      cwd: this.#home,
      env: this.#environment(this.#home),
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
    });
    try {
      await once(child, "spawn");
    } catch (error) {
      await this.#settle();
      throw error;
    }
    this.#child = child;
    this.#watch(child);
    if (this.#ending) this.#kill();
  }

  send(message: JSONRPCMessage): Promise<void> {
    const stdin = this.#child?.stdin;
    if (!stdin?.writable) return Promise.reject(new Error("The process has ended."));
    stdin.write(`${JSON.stringify(message)}\n`);
    if (stdin.writableLength > MOST_UNREAD) this.#break("does not read what it is sent");
    return Promise.resolve();
  }

  /** Ends the server without the second that `close` gives it. */
  abandon(): void {
    this.#ending = true;
    this.#kill();
  }

  /** Gives the server a second to end by itself, unless it is broken. Resolves when nothing of it is left. */
  async close(): Promise<void> {
    const isBroken = this.#ending;
    this.#ending = true;
    await Promise.allSettled([this.#starting]);
    const child = this.#child;
    if (child === null) return;
    child.stdin.end();
    if (isBroken) this.#kill();
    const stop = new AbortController();
    await Promise.race([this.#gone.promise, pause(GRACE_MS, null, { signal: stop.signal })]);
    stop.abort();
    this.#kill();
    await this.#gone.promise;
  }

  #environment(home: string): Record<string, string> {
    const path = [dirname(process.execPath), ...SYSTEM_PATHS].join(delimiter);
    return { PATH: path, HOME: home, TMPDIR: home, LANG: "C.UTF-8", ...this.#parts.env };
  }

  #watch(child: Child): void {
    const { logger } = this.#parts;
    child.on("error", (error) => logger.debug({ error }, "MCP server process"));
    child.stdin.on("error", (error) => logger.debug({ error }, "MCP server stdin"));
    child.stdout.on("data", (chunk: Buffer) => this.#read(chunk));
    child.stderr.on("data", (chunk: Buffer) => this.#logStderr(chunk));
    child.once("exit", (exit_code, signal) => {
      logger.debug({ exit_code, signal }, "MCP server process ended");
      // Its children live on without it, and may hold the pipes open.
      this.#kill();
      setTimeout(() => destroyOutput(child), GRACE_MS).unref();
    });
    child.once("close", () => {
      void this.#settle();
    });
  }

  #read(chunk: Buffer): void {
    const flood = this.#parts.gauge.add({ bytes: chunk.byteLength });
    if (flood !== null) this.#break(flood);
    if (this.#ending) return;
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      if (this.#ending) return;
      const line = Buffer.concat([...this.#partial, chunk.subarray(start, end)]);
      this.#partial = [];
      this.#held = 0;
      start = end + 1;
      this.#take(line.toString());
    }
    this.#partial.push(chunk.subarray(start));
    this.#held += chunk.byteLength - start;
    if (this.#held > LONGEST_MESSAGE) this.#break(`sent a message of more than ${LONGEST_MESSAGE} bytes`);
  }

  #take(line: string): void {
    let message: JSONRPCMessage;
    try {
      message = this.#parts.parse(line);
    } catch (error) {
      this.#parts.logger.debug(
        { error: cleanLine(String(error), 500) },
        "MCP server wrote no message to stdout",
      );
      const flood = this.#parts.gauge.add({ messages: 1 });
      if (flood !== null) this.#break(flood);
      return;
    }
    this.onmessage?.(message);
  }

  #logStderr(chunk: Buffer): void {
    if (this.#stderrLeft <= 0) return;
    const lines = chunk.subarray(0, this.#stderrLeft).toString().split("\n");
    this.#stderrLeft -= chunk.byteLength;
    for (const line of lines) {
      const text = cleanLine(line, 500);
      if (text !== "") this.#parts.logger.debug({ stderr: text }, "MCP server says");
    }
    if (this.#stderrLeft <= 0) this.#parts.logger.debug({}, "MCP server says more, which is not logged");
  }

  #break(why: string): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#partial = [];
    this.#held = 0;
    this.#kill();
    this.#parts.onBroken(why);
  }

  /** Ends the process and all others of its group. */
  #kill(): void {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, "SIGKILL");
    } catch (error) {
      // Usually because none of them is left.
      this.#parts.logger.debug({ error }, "MCP server process group was not ended");
    }
  }

  async #settle(): Promise<void> {
    const home = this.#home;
    this.#partial = [];
    try {
      if (home !== null) await rm(home, { recursive: true, force: true });
    } catch (error) {
      this.#parts.logger.warn(
        { error, directory: home },
        "The private folder of an MCP server was not removed",
      );
    }
    this.#child = null;
    this.#home = null;
    this.#gone.resolve();
    this.onclose?.();
  }
}

function destroyOutput(child: Child): void {
  child.stdout.destroy();
  child.stderr.destroy();
}
