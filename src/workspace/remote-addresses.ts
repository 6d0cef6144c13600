import { findAddresses, lookUpAll } from "../egress/find-addresses.ts";
import { ownAddresses } from "../egress/public-address.ts";

/**
 * The addresses of an https remote: public ones only, unless the operator has named its host. Rejects with an
 * EgressError.
 */
export function remoteAddresses(
  url: URL,
  isAllowed: (url: URL) => boolean,
  signal: AbortSignal,
): Promise<readonly string[]> {
  return findAddresses(url, { isAllowed, resolve: lookUpAll, ownAddresses }, signal);
}
