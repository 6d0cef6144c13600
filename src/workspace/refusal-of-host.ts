import { hostOf } from "../egress/check-url.ts";
import { canonicalAddress, isPublicAddress } from "../egress/public-address.ts";

const LONGEST_NAME = 253;
const NAME = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/**
 * Why nothing can ever be sent to the host of a URL, as far as its spelling tells; where a name leads to is found out when
 * it is connected to. Null for what may be tried.
 */
export function refusalOfHost(url: URL, isAllowed: (url: URL) => boolean): string | null {
  if (isAllowed(url)) return null;
  const host = hostOf(url);
  if (canonicalAddress(host) !== null) {
    if (isPublicAddress(host)) return null;
    return `${host} is no address of the public internet; the operator allows it in orca.yaml with  egress: { allowed_hosts: ["${url.host}"] }`;
  }
  const name = host.replace(/\.$/, "");
  const isName = name.length <= LONGEST_NAME && name.split(".").every((label) => NAME.test(label));
  return isName
    ? null
    : `${JSON.stringify(host.slice(0, 100))} is no name of a host; write one such as git.example.com`;
}
