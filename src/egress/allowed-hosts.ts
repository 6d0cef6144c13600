import { portOf } from "./check-url.ts";

/**
 * Whether a URL leads to one of the hosts that the operator named: "host" with the ports 80 and 443, or "host:port",
 * each exactly; a name does not include the names below it. Throws an Error for an entry that is neither.
 */
export function createAllowedHosts(entries: readonly string[]): (url: URL) => boolean {
  const allowed = new Set(entries.flatMap(keysOf));
  return (url) => allowed.has(`${url.hostname}:${portOf(url)}`);
}

function keysOf(entry: string): string[] {
  const [, host, port] = /^(\[[0-9a-f:.]+\]|[^\s/?#@:\\*%[\]]+)(?::(\d{1,5}))?$/i.exec(entry) ?? [];
  const url = host === undefined ? null : URL.parse(`http://${host}`);
  const ports = port === undefined ? [80, 443] : [Number(port)];
  if (url === null || ports.some((one) => one < 1 || one > 65_535)) {
    throw new Error(`"${entry}" is no host that can be allowed. Write "host" or "host:port".`);
  }
  return ports.map((one) => `${url.hostname}:${one}`);
}
