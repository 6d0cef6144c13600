import { allowedPlaces } from "../core/allowed-host.ts";
import { portOf } from "./check-url.ts";

/**
 * Whether a URL leads to one of the hosts that the operator named: "host" with the ports 80 and 443, or "host:port",
 * each exactly; a name does not include the names below it. Throws an Error for an entry that is neither.
 */
export function createAllowedHosts(entries: readonly string[]): (url: URL) => boolean {
  const allowed = new Set(entries.flatMap(keysOf));
  return (url) => allowed.has(`${url.hostname}:${portOf(url)}`);
}

function keysOf(entry: string): readonly string[] {
  const places = allowedPlaces(entry);
  if (places === null)
    throw new Error(`"${entry}" is no host that can be allowed. Write "host" or "host:port".`);
  return places;
}
