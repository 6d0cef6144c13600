import { type ExecFileException, execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { DeliveryError } from "../ports/delivery-action.ts";
import { escapeHtml } from "./escape-html.ts";

const PROGRAM = import.meta.url.endsWith(".ts")
  ? new URL("./render-markdown-program.ts", import.meta.url)
  : new URL("./render-markdown-program.js", import.meta.url);

/** Characters of Markdown beyond which a page shows it as it is written. */
const LONGEST_RENDERED = 1_000_000;
const MOST_BYTES = 64 * 1024 ** 2;
const LONGEST_MS = 10_000;
/** It ends by itself before; this is for a process that does not even start. */
const STARTS_WITHIN_MS = 60_000;

/** The exit code for what can't be rendered; anything else is a defect. */
const CANNOT = 3;

/**
 * A page that stands for itself: no scripts, nothing that is loaded. Markdown that is too long, or that takes too long
 * to read, is shown as it is written.
 */
export async function documentPage(
  { title, markdown }: { readonly title: string; readonly markdown: string },
  signal: AbortSignal,
  longestMs = LONGEST_MS,
): Promise<string> {
  const short = markdown.length <= LONGEST_RENDERED;
  const body = short ? await rendered(markdown, signal, longestMs) : null;
  return pageWith(title, body ?? `<pre class="source">${escapeHtml(markdown)}</pre>\n`);
}

const CONFINED = ["--permission", "--allow-fs-read=*", "--max-old-space-size=256"];

/** In a process of its own: what a model has written can keep a parser busy for ever. Null when it can't be rendered. */
async function rendered(markdown: string, signal: AbortSignal, longestMs: number): Promise<string | null> {
  signal.throwIfAborted();
  const running = promisify(execFile)(
    process.execPath,
    [...CONFINED, fileURLToPath(PROGRAM), String(longestMs)],
    { env: {}, signal, timeout: longestMs + STARTS_WITHIN_MS, killSignal: "SIGKILL", maxBuffer: MOST_BYTES },
  );
  // A process that ends early is heard of by its end.
  running.child.stdin?.on("error", () => undefined).end(markdown);
  try {
    return (await running).stdout;
  } catch (error) {
    signal.throwIfAborted();
    const { code, signal: ended } = error as ExecFileException;
    if (code === CANNOT || ended != null || code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER") return null;
    throw new DeliveryError(`The process that makes pages did not work: ${(error as Error).message}`, {
      cause: error,
      temporary: true,
    });
  }
}

const STYLE = `
  body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.6 system-ui, sans-serif; color: #1f2328; background: #fff; overflow-wrap: break-word; }
  h1, h2, h3 { line-height: 1.25; }
  pre { overflow-x: auto; padding: 1rem; background: #f6f8fa; border-radius: 6px; font-size: 0.875rem; line-height: 1.45; }
  pre.source { white-space: pre-wrap; }
  table { display: block; overflow-x: auto; border-collapse: collapse; }
  th, td { padding: 0.3rem 0.7rem; border: 1px solid #d0d7de; text-align: left; vertical-align: top; }
  blockquote { margin: 0; padding-left: 1rem; border-left: 4px solid #d0d7de; }
  @media (prefers-color-scheme: dark) { body { color: #e6edf3; background: #0d1117; } pre { background: #161b22; } a { color: #58a6ff; } }
`;

function pageWith(title: string, body: string): string {
  return `<!doctype html>
<html>
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
${body}</body>
</html>
`;
}
