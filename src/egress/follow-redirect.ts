import { checkUrl, refused } from "./check-url.ts";

/** One request on the way to the answer. */
export type Hop = {
  readonly url: URL;
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
};

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
// Whatever else a caller sends may be a credential, under any name.
const CARRIED_ACROSS_ORIGINS: ReadonlySet<string> = new Set([
  "accept",
  "accept-language",
  "content-language",
  "content-type",
  "user-agent",
]);

/** The request that a redirect asks for, as the Fetch standard has it; null when the answer is none. */
export function followRedirect(hop: Hop, status: number, location: string | undefined): Hop | null {
  if (!REDIRECTS.has(status) || location === undefined) return null;
  const url = checkUrl(location, hop.url);
  if (hop.url.protocol === "https:" && url.protocol === "http:") {
    throw refused(
      `${hop.url.host} redirects from https to http. Ask for the new address itself if it is right.`,
    );
  }
  const dropsBody = hop.method === "POST" && status <= 303;
  const headers = Object.entries(hop.headers)
    .filter(([name]) => !dropsBody || !name.startsWith("content-"))
    .filter(([name]) => url.origin === hop.url.origin || CARRIED_ACROSS_ORIGINS.has(name));
  return {
    url,
    method: dropsBody ? "GET" : hop.method,
    headers: Object.fromEntries(headers),
    body: dropsBody ? null : hop.body,
  };
}
