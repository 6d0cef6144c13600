import { z } from "zod";

import { EgressError, type CheckedHttp, type CheckedResponse } from "../ports/egress.ts";
import type { RoleTool, ToolOutput } from "../ports/role-tool.ts";
import { htmlToText } from "./html-text.ts";

const MAX_CONTENT_BYTES = 100_000;
const MAX_ERROR_BYTES = 2000;
const TEXT = /^(?:text\/|application\/(?:[\w.-]+\+)?(?:json|xml|yaml|x-yaml|javascript|toml|x-ndjson|sql)\b)/;

const HttpGetArguments = z.strictObject({
  url: z.string().min(1).max(8192).describe("The whole http or https URL to read."),
});

/** Lets a role read a public page as text: at most 100 kB of it, HTML without its markup. */
export function createHttpGetTool(http: CheckedHttp): RoleTool<z.infer<typeof HttpGetArguments>> {
  return {
    name: "http_get",
    description:
      "Reads a public web page or text file by its URL and returns its text. It sends no credentials and can't reach private addresses.",
    arguments: HttpGetArguments,
    semantics: "read",
    local: false,
    untrusted: true,
    async run({ url }, { signal }) {
      try {
        const headers = {
          accept: "text/html, text/plain, application/json, */*;q=0.5",
          "user-agent": "ts-orca",
        };
        return toOutput(await http.request({ url, headers, signal }));
      } catch (error) {
        if (!(error instanceof EgressError)) throw error;
        return { content: `${error.code}: ${error.message}`, is_error: true };
      }
    },
  };
}

function toOutput(response: CheckedResponse): ToolOutput {
  const text = textOf(response);
  if (response.status < 200 || response.status > 299) {
    const said = text === null || text === "" ? "" : `\nIt says:\n${cut(text, MAX_ERROR_BYTES)}`;
    const advice = `${response.url} answers with status ${response.status}. ${whatToDo(response.status)}`;
    return { content: `${advice}${said}`, is_error: true };
  }
  if (text === null) {
    const type = response.headers["content-type"] ?? "no type";
    return {
      content: `${response.url} is no text (${cut(type, 200)}). Only text can be read: ask for another URL.`,
      is_error: true,
    };
  }
  return { content: cut(text, MAX_CONTENT_BYTES), is_error: false };
}

function whatToDo(status: number): string {
  if (status === 429 || status >= 500) return "Try again later or use another source.";
  if (status === 401 || status === 403) return "It is not public: use another source.";
  return "Check the URL or use another source.";
}

/** Null when the body is no text. */
function textOf({ headers, body }: CheckedResponse): string | null {
  const type = (headers["content-type"] ?? "").trim().toLowerCase();
  const isText = type === "" ? !body.includes(0) : TEXT.test(type);
  if (!isText) return null;
  const text = decoderFor(type).decode(body);
  return /^(?:text\/html|application\/xhtml)/.test(type) ? htmlToText(text) : text;
}

function decoderFor(type: string): InstanceType<typeof TextDecoder> {
  const charset = /;\s*charset\s*=\s*"?([\w.:-]+)/.exec(type)?.[1] ?? "utf-8";
  try {
    return new TextDecoder(charset);
  } catch (error) {
    if (error instanceof RangeError) return new TextDecoder();
    throw error;
  }
}

/** The first `maxBytes` of it in whole characters, the note that there was more included. */
function cut(text: string, maxBytes: number): string {
  const note = "\n[The rest was cut off.]";
  const bytes = new Uint8Array(maxBytes);
  const { read } = new TextEncoder().encodeInto(text, bytes);
  if (read === text.length) return text;
  const kept = new TextEncoder().encodeInto(text, bytes.subarray(0, maxBytes - note.length));
  return `${text.slice(0, kept.read)}${note}`;
}
