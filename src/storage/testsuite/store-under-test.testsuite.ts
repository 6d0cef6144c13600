import { randomUUID } from "node:crypto";

import type { Logger } from "../../ports/logger.ts";
import type { Storage } from "../../ports/storage.ts";
import type { DatabaseKind } from "../schema.ts";

/** One of the two databases as the suites see it. */
export interface StoreUnderTest {
  readonly kind: DatabaseKind;
  /** The storage that the suites share; each test uses tenants of its own. */
  storage(): Storage;
  /** The URL of a database that nobody has opened; it goes when the tests are done. */
  freshUrl(): Promise<string>;
  /** Runs SQL past the storage. */
  execute(url: string, sql: string): Promise<Record<string, unknown>[]>;
}

export function freshTenant(): string {
  return `tenant-${randomUUID()}`;
}

export type LogLine = { readonly level: string; readonly fields: object; readonly message: string };

/** A logger that keeps what it hears, and lets a test wait for a line. */
export function recordingLogger(): Logger & {
  readonly lines: readonly LogLine[];
  heard(text: string): Promise<LogLine>;
} {
  const lines: LogLine[] = [];
  const waiting = new Set<{ text: string; resolve: (line: LogLine) => void }>();
  const write = (level: string) => (fields: object, message: string) => {
    const line = { level, fields, message };
    lines.push(line);
    for (const one of waiting) if (message.includes(one.text)) one.resolve(line);
  };
  const logger = {
    lines,
    heard: (text: string) =>
      new Promise<LogLine>((resolve) => {
        const line = lines.find(({ message }) => message.includes(text));
        if (line) resolve(line);
        else waiting.add({ text, resolve });
      }),
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    child: () => logger,
  };
  return logger;
}
