import { LONGEST_MESSAGE, type FloodGauge } from "./flood-gauge.ts";

/** What reaches the servers of streamable HTTP: only the hosts that the operator has configured. */
export type McpFetch = (input: string | URL, init?: RequestInit) => Promise<Response>;

type Limits = {
  readonly gauge: FloodGauge;
  /** Longest that a POST may take, its whole answer included. */
  readonly timeoutMs: number;
  /** Told when the server has to be given up; `why` ends a sentence. */
  readonly onBroken: (why: string) => void;
};

/**
 * The fetch of one connection. Bodies fail where one message gets too long or the server floods, and no POST outlives
 * its call: the SDK only tells the server of a cancelled one.
 */
export function limitedFetch(egress: McpFetch, limits: Limits): McpFetch {
  return async (input, init = {}) => {
    const signals = [init.signal, init.method === "POST" ? AbortSignal.timeout(limits.timeoutMs) : null];
    const signal = AbortSignal.any(signals.filter((given) => given != null));
    const response = await egress(input, { ...init, signal });
    if (response.body === null) return response;
    const { status, statusText, headers } = response;
    return new Response(response.body.pipeThrough(measured(limits)), { status, statusText, headers });
  };
}

function measured({ gauge, onBroken }: Limits): TransformStream<Uint8Array, Uint8Array> {
  let sinceEvent = 0;
  const problem = (bytes: number): string | null =>
    sinceEvent > LONGEST_MESSAGE
      ? `sent a message of more than ${LONGEST_MESSAGE} bytes`
      : gauge.add({ bytes });
  return new TransformStream({
    transform(chunk, controller) {
      const end = endOfEvent(chunk);
      sinceEvent = end === -1 ? sinceEvent + chunk.byteLength : chunk.byteLength - end;
      const why = problem(chunk.byteLength);
      if (why === null) return controller.enqueue(chunk);
      onBroken(why);
      controller.error(new Error(`The server ${why}.`));
    },
  });
}

/** Where the last empty line stands, which ends an event of a stream; a plain JSON body has none. */
function endOfEvent(chunk: Uint8Array): number {
  const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  return Math.max(bytes.lastIndexOf("\n\n"), bytes.lastIndexOf("\r\n\r\n"));
}
