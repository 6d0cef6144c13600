import type { Clock } from "../ports/clock.ts";
import { HttpError } from "./http-error.ts";
import type { Context } from "./server-env.ts";

const LONGEST_BODY = 5_000_000;
/** Longer than nearly all that GitHub sends of issues. */
const SMALL_BODY = 262_144;
/** Anybody may send one, so this many are in memory at a time, each for so long at most. GitHub sends none again by itself. */
const MOST_SMALL = 256;
const MOST_LARGE = 8;
const PATIENCE_MS = 10_000;
const SILENCE_MS = 2_000;

type Room = {
  readonly most: number;
  readonly longest: number;
  /** Ends each of the bodies that are coming in, the oldest first. */
  readonly coming: Set<(reason: HttpError) => void>;
};

/**
 * Reads bodies byte for byte, as they were signed: few at a time, and none that is long, slow or packed. When all places are
 * taken, the body that has been coming in for longest makes room: GitHub's come at once, so strangers who are slow shut
 * out only one another. There is no limit for an address, because behind a proxy all of them have the same.
 */
export function hookBodies(after: Clock["after"] = afterMs): (c: Context) => Promise<Uint8Array> {
  const small: Room = { most: MOST_SMALL, longest: SMALL_BODY, coming: new Set() };
  const large: Room = { most: MOST_LARGE, longest: LONGEST_BODY, coming: new Set() };
  return async (c) => {
    const encoding = c.req.header("content-encoding") ?? "identity";
    if (encoding !== "identity")
      throw new HttpError("unsupported_media_type", "The body of a hook must not be packed.");
    // What does not say how long it is may be long.
    const declared = Number(c.req.header("content-length") ?? LONGEST_BODY);
    if (declared > LONGEST_BODY) throw tooLarge();
    const { body } = c.req.raw;
    return body === null ? new Uint8Array() : readBody(body, declared <= SMALL_BODY ? small : large, after);
  };
}

async function readBody(
  body: ReadableStream<Uint8Array>,
  { most, longest, coming }: Room,
  after: Clock["after"],
): Promise<Uint8Array> {
  const [oldest] = coming;
  if (coming.size >= most)
    oldest?.(
      new HttpError("hooks_busy", "Too many hooks come in at the same time, and others were quicker."),
    );
  const ended = Promise.withResolvers<never>();
  const end = (reason: HttpError): void => {
    coming.delete(end);
    ended.reject(reason);
  };
  const late = (): void => end(new HttpError("request_timeout", "The body did not come in time."));
  coming.add(end);
  const reader = body.getReader();
  const cancelPatience = after(PATIENCE_MS, late);
  let cancelSilence = after(SILENCE_MS, late);
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), ended.promise]);
      if (done) return Buffer.concat(chunks);
      length += value.byteLength;
      if (length > longest) throw tooLarge();
      chunks.push(value);
      cancelSilence();
      cancelSilence = after(SILENCE_MS, late);
    }
  } catch (error) {
    // What is left of it is not waited for.
    void reader.cancel().catch(() => undefined);
    throw error;
  } finally {
    coming.delete(end);
    cancelPatience();
    cancelSilence();
  }
}

function afterMs(delayMs: number, task: () => void): () => void {
  const timer = setTimeout(task, delayMs);
  return () => clearTimeout(timer);
}

function tooLarge(): HttpError {
  return new HttpError("request_too_large", `The body of a hook has at most ${LONGEST_BODY} bytes.`);
}
