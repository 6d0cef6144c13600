import type { Logger } from "../ports/logger.ts";

/** Keeps the messages of warnings and errors. */
export function recordingLogger(): Logger & { readonly warnings: string[] } {
  const warnings: string[] = [];
  const quiet = (): void => {};
  const keep = (_: unknown, message: string): void => void warnings.push(message);
  const logger = { debug: quiet, info: quiet, warn: keep, error: keep, child: () => logger, warnings };
  return logger;
}
