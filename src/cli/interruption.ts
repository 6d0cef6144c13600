import { exitCode } from "./exit-code.ts";

/** Turns Ctrl-C and SIGTERM into an abort; a second one ends the process at once. `release` gives the signals back. */
export function onInterruption(): { readonly signal: AbortSignal; readonly release: () => void } {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(exitCode("interrupted"));
    controller.abort();
  };
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const name of signals) process.on(name, interrupt);
  const release = (): void => {
    for (const name of signals) process.off(name, interrupt);
  };
  return { signal: controller.signal, release };
}
