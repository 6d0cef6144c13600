import { pino, type Logger as Pino } from "pino";
import { prettyFactory } from "pino-pretty";

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
  if (!pretty) return adapt(pino(options, destination));
  const readable = prettyFactory({
    colorize: process.stderr.hasColors?.() ?? false,
    translateTime: "SYS:HH:MM:ss",
    singleLine: true,
  });
  const lines = { write: (line: string) => destination.write(readable(line)) };
  return adapt(pino(options, lines));
}

function adapt(log: Pino): Logger {
  return {
    debug: (fields, message) => {
      if (log.isLevelEnabled("debug")) log.debug(redact(fields, { bodies: true }), message);
    },
    info: (fields, message) => {
      if (log.isLevelEnabled("info")) log.info(redact(fields, { bodies: false }), message);
    },
    warn: (fields, message) => {
      if (log.isLevelEnabled("warn")) log.warn(redact(fields, { bodies: false }), message);
    },
    error: (fields, message) => {
      if (log.isLevelEnabled("error")) log.error(redact(fields, { bodies: false }), message);
    },
    child: (fields) => adapt(log.child(redact(fields, { bodies: false }) as Record<string, unknown>)),
  };
}
