import { text } from "node:stream/consumers";
import { runInThisContext } from "node:vm";

import { renderMarkdown } from "./render-markdown.ts";

/** Markdown comes in, HTML goes out. `CANNOT` is the exit code for what takes too long or is nested too deeply. */
const CANNOT = 3;
const longestMs = Number(process.argv[2]);

const markdown = await text(process.stdin);
Object.assign(globalThis, { render: () => renderMarkdown(markdown) });
try {
  // The one way to end a loop of one's own thread, so that nothing is left running when the server has gone.
  process.stdout.write(String(runInThisContext("render()", { timeout: longestMs })));
} catch (error) {
  const { code } = error as { readonly code?: unknown };
  if (!(error instanceof RangeError) && code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
  process.exitCode = CANNOT;
}
