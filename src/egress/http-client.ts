import { ModelError, type CallTrace } from "../ports/chat-model.ts";
import { patientDispatcher } from "./patient-dispatcher.ts";
import { traceHeaders } from "./trace-headers.ts";

export type FetchOptions = {
  /** The call that the request belongs to, told to the endpoint by `x-orca-*` headers; null tells nothing. */
  readonly trace: CallTrace | null;
  /** Longest body that is read, after decompression. */
  readonly maxBytes?: number;
};

type Fetch = typeof fetch;
type Outgoing = { readonly method: string; readonly headers: Headers; readonly body: ArrayBuffer | null };

const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
const MAX_REDIRECTS = 3;

/**
 * The fetch for requests to model providers. It has no timeout of its own, follows redirects only inside the origin
 * that was asked (credentials go nowhere else), and rejects with a ModelError where it refuses.
 */
export function createFetch(options: FetchOptions): Fetch {
  const maxBytes = options.maxBytes ?? MAX_ANSWER_BYTES;
  return async (input, init) => {
    const request = new Request(input, init);
    const headers = new Headers(request.headers);
    if (options.trace !== null) {
      for (const [name, value] of Object.entries(traceHeaders(options.trace))) headers.set(name, value);
    }
    const body = request.body === null ? null : await request.arrayBuffer();
    const outgoing = { method: request.method, headers, body };
    // The signal of the Request itself follows the caller's only for as long as nothing collects it.
    const signal = init?.signal ?? request.signal;
    return checked(await send(new URL(request.url), outgoing, signal), maxBytes);
  };
}

async function send(start: URL, outgoing: Outgoing, signal: AbortSignal): Promise<Response> {
  const dispatcher = await patientDispatcher();
  let url = start;
  for (let redirects = 0; ; redirects += 1) {
    const response = await fetch(url, {
      ...outgoing,
      signal,
      redirect: "manual",
      ...(dispatcher === null ? {} : { dispatcher }),
    });
    const target = redirectTarget(response, url);
    if (target === null) return response;
    await response.body?.cancel();
    refuseUnlessSafe(url, target, { status: response.status, method: outgoing.method, redirects });
    url = target;
  }
}

function redirectTarget(response: Response, url: URL): URL | null {
  const location = response.headers.get("location");
  if (response.status < 300 || response.status > 399 || location === null) return null;
  return URL.parse(location, url.href);
}

function refuseUnlessSafe(
  from: URL,
  to: URL,
  redirect: { status: number; method: string; redirects: number },
): void {
  if (to.origin !== from.origin) {
    throw new ModelError(
      "network",
      `${from.origin} redirects to ${to.origin}, and credentials are not carried there. If that is right, set base_url to it.`,
    );
  }
  const repeatable = redirect.method === "GET" || redirect.status === 307 || redirect.status === 308;
  if (!repeatable || redirect.redirects >= MAX_REDIRECTS) {
    throw new ModelError(
      "network",
      `${from.origin}${from.pathname} redirects (${redirect.status}) instead of answering. Check base_url.`,
    );
  }
}

/** The same response, whose body fails where it gets too long or, as a success, is no UTF-8: else it would get holes. */
function checked(response: Response, maxBytes: number): Response {
  if (response.body === null) return response;
  let seen = 0;
  const text = response.ok && isText(response) ? new TextDecoder("utf-8", { fatal: true }) : null;
  const check = (chunk: Uint8Array | null): void => {
    seen += chunk?.byteLength ?? 0;
    if (seen > maxBytes) throw tooLong(maxBytes);
    try {
      if (chunk === null) text?.decode();
      else text?.decode(chunk, { stream: true });
    } catch (error) {
      throw new ModelError("network", "The answer could not be read: it is not UTF-8.", { cause: error });
    }
  };
  const checking = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      check(chunk);
      controller.enqueue(chunk);
    },
    flush: () => check(null),
  });
  const headers = new Headers(response.headers);
  // The body is decompressed by now; a reader that believes these headers would try it again.
  headers.delete("content-encoding");
  headers.delete("content-length");
  const { status, statusText } = response;
  return new Response(response.body.pipeThrough(checking), { status, statusText, headers });
}

function isText(response: Response): boolean {
  const type = response.headers.get("content-type");
  return type === null || /json|text/.test(type);
}

function tooLong(maxBytes: number): ModelError {
  return new ModelError(
    "truncated",
    `The answer is longer than ${maxBytes} bytes and was not read to its end.`,
  );
}
