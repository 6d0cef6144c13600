import { isIP } from "node:net";
import { networkInterfaces } from "node:os";

import ipaddr from "ipaddr.js";

// Public by number, but inside: Azure answers its machines there.
const INSIDE_IPV4 = new Set(["168.63.129.16"]);
const GLOBAL_IPV6 = ipaddr.IPv6.parseCIDR("2000::/3");
// The interface identifiers by which ISATAP (RFC 5214) wraps an IPv4 address into any IPv6 prefix.
const ISATAP = new Set(["0:5efe", "200:5efe"]);

/** The one spelling of an address, an IPv4 address mapped into IPv6 as IPv4; null when it is no address. */
export function canonicalAddress(text: string): string | null {
  return isIP(text) === 0 ? null : ipaddr.process(text).toNormalizedString();
}

/** Whether it belongs to the public internet, whatever it is wrapped in. */
export function isPublicAddress(text: string): boolean {
  if (isIP(text) === 0) return false;
  const address = ipaddr.process(text);
  if (address instanceof ipaddr.IPv4) return isPublicIpv4(address);
  const parts = address.parts.map((part) => part.toString(16));
  return (
    address.range() === "unicast" && address.match(GLOBAL_IPV6) && !ISATAP.has(`${parts[4]}:${parts[5]}`)
  );
}

function isPublicIpv4(address: ipaddr.IPv4): boolean {
  return address.range() === "unicast" && !INSIDE_IPV4.has(address.toString());
}

/** What this machine is itself known by: a public address of its own leads past its firewall. */
export function ownAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address));
}
