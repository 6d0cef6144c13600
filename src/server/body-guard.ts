import type { MiddlewareHandler } from "hono";

import { pointerTo } from "../core/json-pointer.ts";
import type { OrcaError } from "../core/orca-error.ts";
import { HttpError } from "./http-error.ts";
import { invalidFields } from "./invalid-request.ts";
import type { Context, ServerEnv } from "./server-env.ts";
import type { ServerParts } from "./server-parts.ts";

const DEEPEST = 64;
const JSON_TYPE = /^application\/([a-z.-]+\+)?json\s*(;|$)/i;

/** Reads the body once, within limits, and refuses what could not be stored or validated faithfully. */
export function bodyGuard(
  { config }: Pick<ServerParts, "config">,
  /** Whether a refusal may repeat a piece of the body. */
  { quotes }: { readonly quotes: boolean } = { quotes: true },
): MiddlewareHandler<ServerEnv> {
  return async (c, next) => {
    const text = decodeUtf8(await readBytes(c, config.max_request_bytes));
    const type = c.req.header("content-type");
    if (text !== "" && !JSON_TYPE.test(type ?? "")) {
      throw new HttpError(
        "unsupported_media_type",
        `The body must be application/json, not ${type ?? "untyped"}.`,
      );
    }
    if (text !== "") refuseUnfit(parseJson(text, quotes));
    c.set("body_text", text);
    // The validators read this text and this type. An empty body is none, whatever `curl -d ''` declares it to be, and
    // none counts as a value without fields.
    if (text === "") c.req.raw.headers.set("content-type", "application/json");
    Object.assign(c.req.bodyCache, { text: Promise.resolve(text || "{}") });
    await next();
  };
}

async function readBytes(c: Context, limit: number): Promise<Uint8Array> {
  const tooLarge = (): HttpError =>
    new HttpError("request_too_large", `The body is longer than ${limit} bytes.`);
  const declared = Number(c.req.header("content-length") ?? Number.NaN);
  if (declared > limit) throw tooLarge();
  if (Number.isInteger(declared)) return new Uint8Array(await c.req.raw.arrayBuffer());
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of c.req.raw.body ?? []) {
    length += chunk.byteLength;
    if (length > limit) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) throw new HttpError("malformed_text", "The body is not valid UTF-8.");
    throw error;
  }
}

function parseJson(text: string, quotes: boolean): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new HttpError("malformed_json", `The body is not JSON${quotes ? `: ${error.message}` : ""}.`);
    throw error;
  }
}

/** Walks without recursion: the depth of the value is the caller's choice. */
function refuseUnfit(root: unknown): void {
  const open: { readonly value: unknown; readonly path: readonly string[] }[] = [{ value: root, path: [] }];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    const { value, path } = node;
    if (path.length > DEEPEST) throw refusal(path.slice(0, 1), `nested deeper than ${DEEPEST} levels`);
    if (typeof value === "string") refuseText(value, path);
    if (typeof value !== "object" || value === null) continue;
    for (const [key, child] of Object.entries(value)) {
      refuseText(key, path);
      open.push({ value: child, path: [...path, key] });
    }
  }
}

function refuseText(text: string, path: readonly string[]): void {
  if (text.includes("\0")) throw refusal(path, "holds a NUL character, which cannot be stored");
  if (!text.isWellFormed()) throw refusal(path, "holds half of a surrogate pair, which is not text");
}

function refusal(path: readonly string[], detail: string): OrcaError {
  return invalidFields([{ pointer: pointerTo(path), detail }]);
}
