import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, isIPv6, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

import { getRequestListener } from "@hono/node-server";

import { PROBLEM_MEDIA_TYPE } from "../contract/problem.ts";
import { ListenError } from "./listen-error.ts";
import { isLoopback } from "./loopback.ts";
import { problemOf } from "./problem-response.ts";
import { PROBLEMS, type ProblemCode } from "./problems.ts";
import { SECURITY_HEADERS } from "./security-headers.ts";

const SWEEP_MS = 50;

export type ListenOptions = {
  readonly host: string;
  readonly port: number;
  /** Aborted by `close`, so that open streams end; its signal is the one that the server was created with. */
  readonly shutdown: AbortController;
  /** How long `drain` waits for requests in flight, and `close` before it cuts their connections. */
  readonly drain_ms: number;
};

export type Listening = {
  readonly url: string;
  readonly port: number;
  /** Begins the end: streams end, and every answer from now on closes its connection. Resolves when what was in flight is answered. */
  drain(): Promise<void>;
  /** Takes no new connection, lets requests in flight finish. Resolves when all connections are gone. */
  close(): Promise<void>;
};

/** Binds the server to an address. Rejects with a ListenError. */
export async function listen(
  app: { readonly fetch: (request: Request, bindings: object) => Response | Promise<Response> },
  options: ListenOptions,
): Promise<Listening> {
  refusePublic(options.host);
  const listener = getRequestListener((request, bindings) => app.fetch(request, bindings), {
    errorHandler: unreadable,
  });
  // A request without Host reaches the app's own answer to it, not node's empty one.
  const inFlight = new Set<ServerResponse>();
  const server = createServer({ requireHostHeader: false }, (incoming, outgoing) => {
    inFlight.add(outgoing);
    outgoing.once("close", () => inFlight.delete(outgoing));
    if (options.shutdown.signal.aborted) outgoing.setHeader("connection", "close");
    void listener(incoming, outgoing);
  });
  server.on("clientError", answerClientError);
  const silent = silentSockets(server);
  await bound(server, options);
  const { port } = server.address() as AddressInfo;
  const host = isIPv6(options.host) ? `[${options.host}]` : options.host;
  let closing: Promise<void> | undefined;
  return {
    url: `http://${host}:${port}`,
    port,
    drain: () => drain(inFlight, options),
    close: () => (closing ??= close(server, silent, options)),
  };
}

async function drain(
  inFlight: ReadonlySet<ServerResponse>,
  { shutdown, drain_ms }: ListenOptions,
): Promise<void> {
  shutdown.abort();
  const answered = [...inFlight].map(async (outgoing) => {
    if (!outgoing.headersSent) outgoing.setHeader("connection", "close");
    if (!outgoing.closed) await once(outgoing, "close");
  });
  const patience = new AbortController();
  await Promise.race([Promise.all(answered), sleep(drain_ms, undefined, { signal: patience.signal })]);
  patience.abort();
}

/** Sockets that have sent nothing yet: node counts them as busy, and clients open them ahead of need. */
function silentSockets(server: Server): ReadonlySet<Socket> {
  const silent = new Set<Socket>();
  server.on("connection", (socket) => {
    silent.add(socket);
    socket.once("close", () => silent.delete(socket));
  });
  server.on("request", ({ socket }) => silent.delete(socket));
  return silent;
}

function refusePublic(host: string): void {
  if (isLoopback(host)) return;
  throw new ListenError(
    "public_without_authentication",
    `Refusing to listen on ${host}: without authentication anyone who reaches it owns everything. ` +
      "Listen on 127.0.0.1 and put an authenticating proxy in front.",
  );
}

async function bound(server: Server, { host, port }: ListenOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(port, host, resolve);
  try {
    await promise;
  } catch (error) {
    throw listenError(error as NodeJS.ErrnoException, host, port);
  } finally {
    server.off("error", reject);
  }
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): ListenError {
  if (error.code === "EADDRINUSE") {
    return new ListenError(
      "port_in_use",
      `Port ${port} on ${host} is in use. Stop the other program, or choose a port with --port or ORCA_PORT.`,
      { cause: error },
    );
  }
  return new ListenError("address_unusable", `Cannot listen on ${host} port ${port}: ${error.message}.`, {
    cause: error,
  });
}

async function close(
  server: Server,
  silent: ReadonlySet<Socket>,
  { shutdown, drain_ms }: ListenOptions,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  shutdown.abort();
  server.close(() => resolve());
  for (const socket of silent) socket.destroy();
  // Keep-alive connections that fall idle later would hold the server for seconds.
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
  const cut = setTimeout(() => server.closeAllConnections(), drain_ms);
  await promise;
  clearInterval(sweep);
  clearTimeout(cut);
}

/** What fails before a request reaches the app: a missing or impossible Host, a path that is none. */
function unreadable(): Response {
  const { body, headers, status } = problem("malformed_request");
  return new Response(body, { status, headers });
}

function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  const { body, headers, status } = problem(
    error.code === "ERR_HTTP_REQUEST_TIMEOUT" ? "request_timeout" : "malformed_request",
  );
  const lines = Object.entries({
    ...headers,
    "content-length": String(Buffer.byteLength(body)),
    connection: "close",
  });
  socket.end(
    `HTTP/1.1 ${status} ${PROBLEMS.malformed_request.title}\r\n${lines.map(([k, v]) => `${k}: ${v}\r\n`).join("")}\r\n${body}`,
  );
}

function problem(code: ProblemCode): { body: string; status: number; headers: Record<string, string> } {
  const requestId = randomUUID();
  const body = JSON.stringify(problemOf({ code, detail: PROBLEMS[code].advice, errors: [] }, "", requestId));
  const headers = { ...SECURITY_HEADERS, "content-type": PROBLEM_MEDIA_TYPE, "x-request-id": requestId };
  return { body, status: PROBLEMS[code].status, headers };
}
