import { createRequire } from "node:module";

import { pino, type Logger as Pino } from "pino";
import type { prettyFactory } from "pino-pretty";

import type { Logger } from "../ports/logger.ts";
import { redact } from "./redact.ts";

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/** Where lines go; the standard error output unless a test says otherwise. */
export type LogStream = { write(line: string): void };

export type LoggerOptions = {
  readonly level: LogLevel;
  /** auto: pretty when the standard error output is a terminal, else one JSON object a line. */
  readonly format: "auto" | "json" | "pretty";
};

const load = createRequire(import.meta.url);

/** Logs to the standard error output, so that the standard output stays free for data. Writes at once: a crash loses no line. */
export function createLogger({ level, format }: LoggerOptions, stream?: LogStream): Logger {
  const pretty = format === "pretty" || (format === "auto" && process.stderr.isTTY);
  const destination = stream ?? pino.destination({ dest: 2, sync: true });
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  if (!pretty) return new PinoLogger(pino(options, destination), null, {});
  // Its 29 modules cost a start 10 ms.
  const pretties = load("pino-pretty") as { readonly prettyFactory: typeof prettyFactory };
  const readable = pretties.prettyFactory({
    colorize: process.stderr.hasColors?.() ?? false,
    translateTime: "SYS:HH:MM:ss",
    singleLine: true,
  });
  const lines = { write: (line: string) => destination.write(readable(line)) };
  return new PinoLogger(pino(options, lines), null, {});
}

/** One for each request and each workflow in memory, most of which never write a line: made small, and ready when it does. */
class PinoLogger implements Logger {
  readonly #root: Pino;
  readonly #parent: PinoLogger | null;
  readonly #fields: object;
  #made: Pino | null = null;

  constructor(root: Pino, parent: PinoLogger | null, fields: object) {
    this.#root = root;
    this.#parent = parent;
    this.#fields = fields;
  }

  debug(fields: object, message: string): void {
    if (this.#root.isLevelEnabled("debug")) this.#own().debug(redact(fields, { bodies: true }), message);
  }

  info(fields: object, message: string): void {
    if (this.#root.isLevelEnabled("info")) this.#own().info(redact(fields, { bodies: false }), message);
  }

  warn(fields: object, message: string): void {
    if (this.#root.isLevelEnabled("warn")) this.#own().warn(redact(fields, { bodies: false }), message);
  }

  error(fields: object, message: string): void {
    if (this.#root.isLevelEnabled("error")) this.#own().error(redact(fields, { bodies: false }), message);
  }

  child(fields: object): Logger {
    return new PinoLogger(this.#root, this, fields);
  }

  #own(): Pino {
    this.#made ??=
      this.#parent === null
        ? this.#root
        : this.#parent.#own().child(redact(this.#fields, { bodies: false }) as Record<string, unknown>);
    return this.#made;
  }
}
