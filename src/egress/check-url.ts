import { EgressError } from "../ports/egress.ts";

const LONGEST_URL = 8192;
// Where two parsers may read two different hosts.
const AMBIGUOUS = /[\p{Cc}\\]/u;

// Services that are run inside and take commands from anyone, besides the ports that the Fetch standard blocks.
const INTERNAL_PORTS: ReadonlySet<number> = new Set([
  1080, 1099, 1433, 1434, 1521, 1719, 1720, 1723, 1883, 2049, 2181, 2375, 2376, 2377, 2379, 2380, 3260, 3306,
  3389, 3659, 4045, 4190, 4369, 5060, 5061, 5432, 5433, 5555, 5671, 5672, 5900, 5901, 5984, 5985, 5986, 6000,
  6379, 6380, 6432, 6443, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 7000, 7001, 7199, 7474, 7687, 8086,
  8125, 8200, 8300, 8301, 8302, 8500, 8529, 8600, 9000, 9001, 9042, 9092, 9093, 9100, 9160, 9200, 9300, 10080,
  10250, 10255, 10256, 11211, 11434, 15672, 16379, 26257, 26379, 27017, 27018, 27019, 28015, 50070, 61613,
  61616,
]);

export function refused(message: string, cause?: unknown): EgressError {
  return new EgressError("refused", message, cause === undefined ? {} : { cause });
}

/** The URL that `text` says to every parser alike, http or https and without credentials. */
export function checkUrl(text: string, base: URL | null): URL {
  if (text.length > LONGEST_URL) throw refused(`The URL is longer than ${LONGEST_URL} characters.`);
  if (AMBIGUOUS.test(text)) {
    throw refused("The URL has a backslash or control characters in it. Write them percent-encoded.");
  }
  const url = URL.parse(text, base?.href);
  if (url === null) throw refused("This is no URL. Give a whole one, such as https://example.com/page.");
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw refused(`Only http and https are spoken here, not ${url.protocol} Give an https:// URL.`);
  }
  if (url.username !== "" || url.password !== "") {
    throw refused("The URL has a user name or password in it. Leave out everything up to the @.");
  }
  return url;
}

export function portOf(url: URL): number {
  if (url.port !== "") return Number(url.port);
  return url.protocol === "https:" ? 443 : 80;
}

/** The host without the brackets around an IPv6 address. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, "$1");
}

/** Whether something meant for the public may answer there. */
export function isPublicPort(port: number): boolean {
  return port === 80 || port === 443 || (port >= 1024 && !INTERNAL_PORTS.has(port));
}
