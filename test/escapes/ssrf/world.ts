import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { connect, isIP, type AddressInfo, type Socket } from "node:net";
import { getCACertificates, setDefaultCACertificates } from "node:tls";

import type { Resolver } from "../../../src/egress/find-addresses.ts";
import type { Dial } from "../../../src/egress/open-connection.ts";
import { selfSigned } from "./self-signed.ts";

/** What a name leads to, at the first look-up, the second and so on; the last one stays. */
export type Names = Readonly<Record<string, readonly (readonly string[])[]>>;

export type WorldSettings = {
  readonly names: Names;
  readonly outside: RequestListener;
  /** Whether who carries the packets sends them inside, whatever address they bear. */
  readonly isDiverted: boolean;
};

/** The two addresses of the public server. */
export const OUTER = "93.184.216.34";
export const OUTER6 = "2606:2800:220:1:248:1893:25c8:1946";
/** What the private listener answers with. */
export const SECRET = "the-secret-inside";
const OUTER_PORTS: ReadonlySet<number> = new Set([80, 443, 8080, 8443]);

const OUTER_NAMES = ["outer.example", "other.example", "sub.outer.example"];
const identity = selfSigned(OUTER_NAMES, new Date());

export type Inside = {
  readonly port: number;
  /** All that were made so far, even those that were closed before a byte was sent. */
  connections(): Promise<number>;
  bytes(): number;
};

/**
 * An internet on loopback: OUTER is a server that anyone may reach, and every other address is the private listener, on
 * 127.0.0.1 and ::1. The sockets say that they are connected to the address that was asked for.
 */
export type World = {
  readonly inside: Inside;
  readonly resolve: Resolver;
  readonly dial: Dial;
  /** What the public server was asked, over TLS or not. */
  readonly asked: readonly { readonly tls: boolean; readonly request: IncomingMessage }[];
  close(): Promise<void>;
};

/** Makes the public server's certificate one that is trusted in this process; the answer undoes it. */
export function trustOuterServer(): () => void {
  const before = getCACertificates("default");
  setDefaultCACertificates([...before, identity.cert]);
  return () => setDefaultCACertificates(before);
}

export async function openWorld(settings: WorldSettings): Promise<World> {
  const asked: { tls: boolean; request: IncomingMessage }[] = [];
  const answer =
    (tls: boolean): RequestListener =>
    (request, response) => {
      asked.push({ tls, request });
      settings.outside(request, response);
    };
  const inside = await openInside();
  const plain = await listen(createServer(answer(false)), "127.0.0.1");
  const secure = await listen(createTlsServer(identity, answer(true)), "127.0.0.1");
  const dial: Dial = (address, port) => {
    const isOuter = (address === OUTER || address === OUTER6) && OUTER_PORTS.has(port);
    if (!isOuter || settings.isDiverted) {
      const host = isIP(address) === 6 && inside.hasIpv6 ? "::1" : "127.0.0.1";
      const socket = connect({ host, port: inside.port });
      return settings.isDiverted ? socket : known(socket, address);
    }
    const server = port === 443 || port === 8443 ? secure : plain;
    return known(connect({ host: "127.0.0.1", port: portOf(server) }), address);
  };
  return {
    inside,
    asked,
    dial,
    resolve: scriptedResolver(settings.names),
    async close() {
      for (const server of [plain, secure, ...inside.servers]) {
        server.closeAllConnections();
        server.close();
        await once(server, "close");
      }
    },
  };
}

function scriptedResolver(names: Names): Resolver {
  const calls = new Map<string, number>();
  return async (host) => {
    const answers = names[host] ?? (OUTER_NAMES.includes(host) ? [[OUTER]] : []);
    const call = calls.get(host) ?? 0;
    calls.set(host, call + 1);
    const answer = answers[Math.min(call, answers.length - 1)];
    if (answer === undefined) throw new Error(`${host} is no name in this world`);
    return answer;
  };
}

async function openInside(): Promise<Inside & { servers: Server[]; hasIpv6: boolean }> {
  const accepted: Socket[] = [];
  const knocks: Socket[] = [];
  let bytes = 0;
  const create = (): Server =>
    createServer((_request, response) => response.end(SECRET)).on("connection", (socket: Socket) => {
      accepted.push(socket);
      socket.on("data", (chunk: Buffer) => (bytes += chunk.length)).on("error", () => socket.destroy());
    });
  const server = await listen(create(), "127.0.0.1");
  const port = portOf(server);
  const sixth = await listen(create(), "::1", port).catch(() => null);
  const servers = sixth === null ? [server] : [server, sixth];
  return {
    servers,
    hasIpv6: sixth !== null,
    port,
    async connections() {
      // Whatever was connected before these knocks is accepted before they are.
      for (const one of servers) knocks.push(await knock(one, accepted));
      return accepted.length - knocks.length;
    },
    bytes: () => bytes,
  };
}

/** Connects, and waits until just this connection was accepted. */
async function knock(server: Server, accepted: readonly Socket[]): Promise<Socket> {
  const { address, port } = server.address() as AddressInfo;
  const socket = connect({ host: address, port });
  const isMine = (other: Socket): boolean =>
    other.remotePort === socket.localPort && other.remoteAddress === socket.localAddress;
  await once(socket, "connect");
  while (!accepted.some(isMine)) await once(server, "connection");
  socket.destroy();
  return socket;
}

function known(socket: Socket, address: string): Socket {
  return Object.defineProperty(socket, "remoteAddress", { value: address });
}

async function listen<S extends Server>(server: S, host: string, port = 0): Promise<S> {
  server.listen(port, host);
  await once(server, "listening");
  return server;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
