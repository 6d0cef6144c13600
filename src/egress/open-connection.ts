import { once } from "node:events";
import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

import { EgressError } from "../ports/egress.ts";
import { hostOf, portOf, refused } from "./check-url.ts";
import { startDeadline } from "./deadline.ts";
import { canonicalAddress } from "./public-address.ts";

/** Begins a TCP connection to an address, which is never a name. */
export type Dial = (address: string, port: number) => Socket;

const MOST_ADDRESSES = 4;
const NEXT_ADDRESS_AFTER_MS = 3000;

export const dialTcp: Dial = (address, port) => connect({ host: address, port });

/**
 * A connection to one of the checked addresses, with TLS where the URL asks for it. Nothing is written to it before the
 * address that the socket itself reports was compared.
 */
export async function openConnection(
  url: URL,
  addresses: readonly string[],
  { dial, signal }: { readonly dial: Dial; readonly signal: AbortSignal },
): Promise<Socket> {
  const tried = addresses.slice(0, MOST_ADDRESSES);
  let failure: unknown;
  for (const address of tried) {
    const late = (): Error => new Error(`${address} did not answer`);
    const patience = address === tried.at(-1) ? 2 ** 31 - 1 : NEXT_ADDRESS_AFTER_MS;
    using deadline = startDeadline(patience, late, [signal]);
    try {
      const socket = await eventually(dial(address, portOf(url)), "connect", deadline.signal);
      return await secured(checked(socket, address), url, deadline.signal);
    } catch (error) {
      if (signal.aborted || error instanceof EgressError) throw error;
      failure = error;
    }
  }
  const code = failure instanceof Error && "code" in failure ? ` (${String(failure.code)})` : "";
  throw new EgressError("unreachable", `${url.host} could not be connected to${code}. Try again later.`, {
    cause: failure,
  });
}

function checked(socket: Socket, address: string): Socket {
  if (canonicalAddress(socket.remoteAddress ?? "") === address) return socket;
  socket.destroy();
  throw refused("The connection led to another address than the one that was checked, so it was closed.");
}

async function secured(socket: Socket, url: URL, signal: AbortSignal): Promise<Socket> {
  if (url.protocol === "http:") return socket;
  const host = hostOf(url);
  // Neither the environment nor a session of another name may soften what is checked of the certificate.
  const secure = connectTls({
    socket,
    host,
    ...(isIP(host) === 0 ? { servername: host.replace(/\.$/, "") } : {}),
    ALPNProtocols: ["http/1.1"],
    rejectUnauthorized: true,
  });
  try {
    return await eventually(secure, "secureConnect", signal);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

async function eventually<S extends Socket>(
  socket: S,
  event: "connect" | "secureConnect",
  signal: AbortSignal,
): Promise<S> {
  try {
    await once(socket, event, { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
