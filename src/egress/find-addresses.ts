import { lookup } from "node:dns/promises";

import { EgressError } from "../ports/egress.ts";
import { hostOf, isPublicPort, portOf, refused } from "./check-url.ts";
import { startDeadline } from "./deadline.ts";
import { canonicalAddress, isPublicAddress } from "./public-address.ts";

/** Every address that a name has, of both families. */
export type Resolver = (host: string) => Promise<readonly string[]>;

export type AddressRules = {
  readonly isAllowed: (url: URL) => boolean;
  readonly resolve: Resolver;
  readonly ownAddresses: () => readonly string[];
};

const LOOKUP_MS = 5000;

export async function lookUpAll(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true, order: "verbatim" })).map(({ address }) => address);
}

/**
 * The addresses that a connection for `url` may be made to. One that is not public refuses them all: who owns the name
 * chooses which of them is taken.
 */
export async function findAddresses(
  url: URL,
  rules: AddressRules,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const allowed = rules.isAllowed(url);
  if (!allowed && !isPublicPort(portOf(url))) {
    throw refused(
      `Port ${portOf(url)} is not open to requests. Use 80 or 443, or have the operator allow "${url.host}".`,
    );
  }
  const host = hostOf(url);
  const literal = canonicalAddress(host);
  // Literals are not looked up: that nobody could forget to check them, they are judged here as well.
  const found = literal === null ? await addressesOf(host, rules.resolve, signal) : [literal];
  if (found.length === 0) throw new EgressError("unreachable", `${host} has no address. Check its spelling.`);
  const addresses = found.map(canonicalAddress).filter((address) => address !== null);
  const own = new Set(rules.ownAddresses().map(canonicalAddress));
  const isPublic = (address: string): boolean => isPublicAddress(address) && !own.has(address);
  if (addresses.length < found.length || (!allowed && !addresses.every(isPublic))) {
    // The address itself is not told: it would map the inside for whoever asks.
    throw refused(
      `${url.host} does not lead to the public internet. Use a public address, or have the operator allow "${host}:${portOf(url)}".`,
    );
  }
  return addresses;
}

async function addressesOf(host: string, resolve: Resolver, signal: AbortSignal): Promise<readonly string[]> {
  const late = (): Error =>
    new EgressError("timeout", `${host} could not be looked up in ${LOOKUP_MS} ms. Try again later.`);
  using deadline = startDeadline(LOOKUP_MS, late, [signal]);
  try {
    return await deadline.race(resolve(host));
  } catch (error) {
    if (deadline.signal.aborted) throw error;
    throw new EgressError("unreachable", `${host} was not found. Check its spelling.`, { cause: error });
  }
}
