import { once } from "node:events";
import { isIP } from "node:net";
import { callbackify } from "node:util";

import { Agent, buildConnector, request } from "undici";

import { createCheckedHttp } from "../../../src/egress/checked-http.ts";
import { EgressError, type CheckedRequest } from "../../../src/ports/egress.ts";
import type { Logger } from "../../../src/ports/logger.ts";
import type { World } from "./world.ts";

export type Given = Omit<CheckedRequest, "signal">;

/** What a try came to, whichever client made it. */
export type Result = { readonly code: string; readonly bytes: number; readonly text: string };

const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silent,
};

export type Guard = {
  readonly allowedHosts: readonly string[];
  readonly ownAddresses: readonly string[];
  /** Whether it uses the system's own resolver and connections. */
  readonly isReal: boolean;
};

/** The client under test. */
export async function guardedRequest(world: World, given: Given, guard: Guard): Promise<Result> {
  const http = createCheckedHttp({
    allowedHosts: guard.allowedHosts,
    ownAddresses: () => guard.ownAddresses,
    ...(guard.isReal ? {} : { resolve: world.resolve, dial: world.dial }),
    logger: silent,
  });
  try {
    const { signal } = new AbortController();
    const { status, body } = await http.request({ timeout_ms: 3000, ...given, signal });
    return {
      code: String(status),
      bytes: body.byteLength,
      text: new TextDecoder().decode(body.slice(0, 1000)),
    };
  } catch (error) {
    if (!(error instanceof EgressError)) throw error;
    return { code: error.code, bytes: 0, text: error.message };
  } finally {
    await http.close();
  }
}

/**
 * The negative control: undici as it comes, in the same world, that follows every redirect with everything it has.
 * It resolves a name before it connects, as often as `lookups` says, like a check whose answer is not used.
 */
export async function plainRequest(world: World, given: Given, lookups = 0): Promise<Result> {
  const dispatcher = new Agent({ connect: plainConnector(world), maxHeaderSize: 2 ** 20 });
  const signal = AbortSignal.timeout(3000);
  try {
    let url = new URL(given.url);
    let method = given.method ?? "GET";
    let body = given.body ?? null;
    for (let redirects = 0; ; redirects += 1) {
      for (let lookup = 0; lookup < lookups; lookup += 1) await world.resolve(url.hostname);
      const headers = { ...given.headers };
      const answer = await request(url, { method, headers, body, signal, dispatcher });
      const { location } = answer.headers;
      if (typeof location !== "string" || redirects > 10) {
        const bytes = await answer.body.bytes();
        return {
          code: String(answer.statusCode),
          bytes: bytes.byteLength,
          text: bytes.slice(0, 1000).toString(),
        };
      }
      await answer.body.dump();
      if (answer.statusCode === 303) [method, body] = ["GET", null];
      url = new URL(location, url);
    }
  } catch (error) {
    return { code: "failed", bytes: 0, text: String(error) };
  } finally {
    await dispatcher.destroy();
  }
}

function plainConnector(world: World): buildConnector.connector {
  const secure = buildConnector({ allowH2: false, rejectUnauthorized: false, timeout: 3000 });
  const open = async (options: buildConnector.Options): Promise<ReturnType<World["dial"]>> => {
    const host = options.hostname;
    const addresses = isIP(host) === 0 ? await world.resolve(host) : [host];
    const port = Number(options.port || (options.protocol === "https:" ? 443 : 80));
    // As clients do that take whichever address answers first.
    const sockets = addresses.map((address) => world.dial(address, port));
    await Promise.all(sockets.map((socket) => once(socket, "connect")));
    for (const socket of sockets.slice(1)) socket.destroy();
    return sockets[0]!;
  };
  return (options, callback) => {
    callbackify(open)(options, (error, socket) => {
      if (error !== null) callback(error, null);
      else if (options.protocol === "https:") secure({ ...options, httpSocket: socket }, callback);
      else callback(null, socket);
    });
  };
}

/** Another control: undici as it comes, on the real network of this machine. */
export async function realRequest(url: string): Promise<Result> {
  const dispatcher = new Agent();
  try {
    const answer = await request(url, { dispatcher, signal: AbortSignal.timeout(3000) });
    const bytes = await answer.body.bytes();
    return {
      code: String(answer.statusCode),
      bytes: bytes.byteLength,
      text: bytes.slice(0, 1000).toString(),
    };
  } catch (error) {
    return { code: "failed", bytes: 0, text: String(error) };
  } finally {
    await dispatcher.destroy();
  }
}

/** A client of whatever protocol: it connects to the host that it reads out of the URL. */
export async function connectTo(world: World, host: string, port: number): Promise<Result> {
  const [address = host] = isIP(host) === 0 ? await world.resolve(host) : [host];
  const socket = world.dial(address, port);
  await once(socket, "connect");
  socket.resume().end("hello\r\n");
  await once(socket, "close");
  return { code: "connected", bytes: 0, text: "" };
}
