import type { Socket } from "node:net";

import { Client, errors, type Dispatcher } from "undici";

import { EgressError, type CheckedHttp, type CheckedRequest, type CheckedResponse } from "../ports/egress.ts";
import type { Logger } from "../ports/logger.ts";
import { createAllowedHosts } from "./allowed-hosts.ts";
import { checkUrl, refused } from "./check-url.ts";
import { startDeadline, type Deadline } from "./deadline.ts";
import { findAddresses, lookUpAll, type AddressRules, type Resolver } from "./find-addresses.ts";
import { followRedirect, type Hop } from "./follow-redirect.ts";
import { dialTcp, openConnection, type Dial } from "./open-connection.ts";
import { ownAddresses } from "./public-address.ts";
import { ACCEPTED_ENCODINGS, readBody, readStart, tooLarge } from "./read-body.ts";

export type CheckedHttpSettings = {
  /** "host" (its ports 80 and 443) or "host:port", which may be private; named by the operator only. */
  readonly allowedHosts: readonly string[];
  /** The system's own when missing. */
  readonly resolve?: Resolver;
  /** How a connection to a checked address is begun: plain TCP when missing. */
  readonly dial?: Dial;
  /** The addresses of this machine, which are not public to itself: those of its interfaces when missing. */
  readonly ownAddresses?: () => readonly string[];
  readonly logger: Logger;
};

type Answer = { readonly answer: Dispatcher.ResponseData; readonly client: Client };
type Send = (hop: Hop, deadline: Deadline) => Promise<Answer>;
type Limits = Pick<CheckedRequest, "read" | "redirects"> & {
  readonly maxBytes: number;
  readonly deadline: Deadline;
};

const MAX_BYTES = 2 * 1024 * 1024;
const TIMEOUT_MS = 20_000;
const MAX_REDIRECTS = 5;
const MAX_HEADER_BYTES = 16 * 1024;

// What says where a request goes, how long it is or how the connection is used is not the caller's to say.
const OWN_HEADERS =
  /^(?:host|connection|content-length|transfer-encoding|accept-encoding|upgrade|expect|te|trailer|keep-alive|proxy-.*)$/;

/**
 * The client for every address that a model or a tenant can choose. Each request, and each redirect, gets a connection
 * of its own to an address that was checked for it; proxies of the environment are not used. It rejects with what the
 * caller's signal was aborted with, and with an EgressError otherwise. Throws an Error when an allowed host is misspelt.
 */
export function createCheckedHttp(settings: CheckedHttpSettings): CheckedHttp {
  const closing = new AbortController();
  const inFlight = new Set<Promise<unknown>>();
  const send = createSender(settings);

  async function request(given: CheckedRequest): Promise<CheckedResponse> {
    const milliseconds = given.timeout_ms ?? TIMEOUT_MS;
    const late = (): Error =>
      new EgressError("timeout", `The answer was not there after ${milliseconds} ms. Try again later.`);
    using deadline = startDeadline(milliseconds, late, [given.signal, closing.signal]);
    const { max_bytes: maxBytes = MAX_BYTES, read = "whole", redirects = "follow" } = given;
    try {
      deadline.signal.throwIfAborted();
      return await follow(firstHop(given), { maxBytes, deadline, read, redirects }, send);
    } catch (error) {
      if (deadline.signal.aborted) throw deadline.signal.reason;
      const failure = asEgressError(error, maxBytes);
      const { code, message } = failure;
      if (code === "refused") settings.logger.warn({ code, host: hostForLog(given.url) }, message);
      throw failure;
    }
  }

  return {
    request(given) {
      const work = request(given);
      inFlight.add(work);
      const forget = (): unknown => inFlight.delete(work);
      work.then(forget, forget);
      return work;
    },
    async close() {
      closing.abort(new EgressError("unreachable", "The server is stopping. Try again later."));
      await Promise.allSettled(inFlight);
    },
  };
}

function createSender(settings: CheckedHttpSettings): Send {
  const dial = settings.dial ?? dialTcp;
  const rules: AddressRules = {
    isAllowed: createAllowedHosts(settings.allowedHosts),
    resolve: settings.resolve ?? lookUpAll,
    ownAddresses: settings.ownAddresses ?? ownAddresses,
  };
  return async (hop, deadline) => {
    const { signal } = deadline;
    const addresses = await findAddresses(hop.url, rules, signal);
    const socket = await openConnection(hop.url, addresses, { dial, signal });
    const client = clientOn(socket, hop.url);
    try {
      const request = client.request({
        path: `${hop.url.pathname}${hop.url.search}`,
        method: hop.method,
        headers: { ...hop.headers, "accept-encoding": ACCEPTED_ENCODINGS },
        body: hop.body,
        reset: true,
        signal,
      });
      const answer = await deadline.race(request);
      return { answer, client };
    } catch (error) {
      await destroy(client, socket);
      throw error;
    }
  };
}

/** A client that lives as long as this connection and can't make another one. */
function clientOn(socket: Socket, url: URL): Client {
  let unused: Socket | null = socket;
  return new Client(url.origin, {
    connect: (_options, callback) => {
      const ready = unused;
      unused = null;
      // Called back at once, undici would wait for ever.
      queueMicrotask(() => {
        if (ready === null) callback(new Error("the connection was lost"), null);
        else callback(null, ready);
      });
    },
    allowH2: false,
    pipelining: 1,
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: 0,
    bodyTimeout: 0,
  });
}

async function destroy(client: Client, socket?: Socket): Promise<void> {
  socket?.destroy();
  await client.destroy();
}

function firstHop(given: CheckedRequest): Hop {
  const method = given.method ?? "GET";
  if (method === "GET" && given.body !== undefined) throw refused("A GET carries no body. Use POST.");
  return {
    url: checkUrl(given.url, null),
    method,
    headers: checkedHeaders(given.headers ?? {}),
    body: given.body ?? null,
  };
}

function checkedHeaders(given: Readonly<Record<string, string>>): Record<string, string> {
  let headers: Headers;
  try {
    headers = new Headers(given);
  } catch (error) {
    throw refused("A header has characters in it that headers may not have.", error);
  }
  const own = [...headers.keys()].find((name) => OWN_HEADERS.test(name));
  if (own !== undefined) throw refused(`The header "${own}" can't be set. Leave it out.`);
  return Object.fromEntries(headers);
}

async function follow(start: Hop, limits: Limits, send: Send): Promise<CheckedResponse> {
  const { deadline } = limits;
  let hop = start;
  for (let redirects = 0; ; redirects += 1) {
    const { answer, client } = await send(hop, deadline);
    try {
      const headers = flat(answer.headers);
      if (limits.redirects === "follow" && Array.isArray(answer.headers["location"])) {
        throw new EgressError(
          "unreachable",
          `${hop.url.host} redirects to several places at once. Ask elsewhere.`,
        );
      }
      const location = limits.redirects === "follow" ? headers["location"] : undefined;
      const next = followRedirect(hop, answer.statusCode, location);
      if (next === null) {
        const body = await readAnswer(answer.body, headers["content-encoding"] ?? "", limits);
        return { url: hop.url.href, status: answer.statusCode, headers: withoutPacking(headers), body };
      }
      if (redirects === MAX_REDIRECTS) {
        throw new EgressError(
          "too_many_redirects",
          `${start.url.host} redirects more than ${MAX_REDIRECTS} times. Ask for where it leads to.`,
        );
      }
      hop = next;
    } finally {
      answer.body.on("error", () => undefined).destroy();
      await destroy(client);
    }
  }
}

function readAnswer(body: AsyncIterable<Uint8Array>, encoding: string, limits: Limits): Promise<Uint8Array> {
  const { maxBytes, deadline } = limits;
  if (limits.read === "start") return readStart(body, { encoding, maxBytes, deadline });
  return deadline.race(readBody(body, { encoding, maxBytes }));
}

function flat(headers: Dispatcher.ResponseData["headers"]): Record<string, string> {
  const lines = Object.entries(headers).filter(([, value]) => value !== undefined);
  return Object.fromEntries(lines.map(([name, value]) => [name.toLowerCase(), [value].flat().join(", ")]));
}

/** The body is inflated by now; a reader that believes these headers would try it again. */
function withoutPacking(headers: Readonly<Record<string, string>>): Record<string, string> {
  const {
    "content-encoding": _encoding,
    "content-length": _length,
    "transfer-encoding": _transfer,
    ...others
  } = headers;
  return others;
}

function asEgressError(error: unknown, maxBytes: number): EgressError {
  if (error instanceof EgressError) return error;
  if (error instanceof errors.HeadersOverflowError) return tooLarge(maxBytes, error);
  const code = error instanceof Error && "code" in error ? ` (${String(error.code)})` : "";
  return new EgressError("unreachable", `There was no whole answer${code}. Try again later.`, {
    cause: error,
  });
}

/** The rest of a URL may hold a secret. */
function hostForLog(text: string): string | null {
  return URL.parse(text)?.host ?? null;
}
