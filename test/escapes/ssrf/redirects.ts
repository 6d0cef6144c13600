import type { RequestListener } from "node:http";

import { connectTo } from "./clients.ts";
import type { Try } from "./ssrf-case.ts";
import type { World } from "./world.ts";

/** Answers each path with its redirect, and everything else with a page. */
function redirecting(routes: Readonly<Record<string, readonly [number, string]>>): RequestListener {
  return (request, response) => {
    const route = routes[request.url ?? ""];
    if (route === undefined) response.end("outside");
    else response.writeHead(route[0], { location: route[1] }).end();
  };
}

const to = (location: string, status = 302): Pick<Try, "url" | "outside"> => ({
  url: "http://outer.example/",
  outside: redirecting({ "/": [status, location] }),
});

const PLACES: readonly (readonly [string, string])[] = [
  ["loopback", "http://127.0.0.1/"],
  ["loopback in decimal", "http://2130706433/"],
  ["metadata", "http://169.254.169.254/latest/"],
  ["IPv6 loopback", "http://[::1]/"],
  ["a mapped address", "http://[::ffff:10.0.0.5]/"],
  ["NAT64", "http://[64:ff9b::a9fe:a9fe]/"],
  ["a private name", "http://inside.example/"],
  ["a name of mixed addresses", "http://mixed.example/"],
  ["a place without a scheme", "//127.0.0.1/"],
  ["a place with backslashes", "\\\\127.0.0.1/"],
  ["a place with a user", "http://outer.example@10.0.0.5/"],
  ["a private port", "http://outer.example:6379/"],
  ["https inside", "https://inside.example/"],
  ["an odd scheme without slashes", "http:////10.0.0.5"],
  ["a place with a tab", "http://10.0.\t0.5/"],
];

const EVIL = { "inside.example": [["10.0.0.5"]], "mixed.example": [["93.184.216.34", "10.0.0.5"]] };

const sawSecret =
  (name: string): NonNullable<Try["reached"]> =>
  async ({ asked }) => {
    const told = asked.slice(1).filter(({ request: { headers } }) => headers[name] !== undefined);
    return told.length > 0 ? `${name} was told to another origin` : null;
  };

const carrying = (name: string, location: string): Try => ({
  name: `redirect to another origin with ${name}: ${location}`,
  ...to(`${location}there`, 307),
  given: { method: "POST", body: "x", headers: { [name]: "secret" } },
  expects: "200",
  reached: sawSecret(name),
});

const askedOver =
  (wanted: "plain" | "tls", many: number): NonNullable<Try["reached"]> =>
  async ({ asked }: World) => {
    const count = asked.filter(({ tls }) => tls === (wanted === "tls")).length;
    return count >= many ? `${count} requests over ${wanted}` : null;
  };

export const redirects: readonly Try[] = [
  ...PLACES.map(([what, location]): Try => ({
    name: `redirect to ${what}: ${location}`,
    ...to(location),
    names: EVIL,
  })),
  ...[301, 303, 307, 308].map((status): Try => ({
    name: `redirect ${status} inside`,
    ...to("http://inside.example/", status),
    names: EVIL,
  })),
  ...[301, 302, 303, 307, 308].map((status): Try => ({
    name: `redirect ${status} of a POST inside`,
    ...to("http://10.0.0.5/", status),
    given: { method: "POST", body: "order", headers: { "content-type": "text/plain" } },
  })),
  {
    name: "redirects 301, 303, 307 and then inside",
    url: "http://outer.example/",
    outside: redirecting({
      "/": [301, "/two"],
      "/two": [303, "http://other.example/three"],
      "/three": [307, "http://10.0.0.5/"],
    }),
  },
  {
    name: "redirects that end inside at the fifth",
    url: "http://outer.example/0",
    outside: redirecting({
      "/0": [302, "/1"],
      "/1": [302, "/2"],
      "/2": [302, "/3"],
      "/3": [302, "/4"],
      "/4": [302, "http://10.0.0.5/"],
    }),
  },
  {
    name: "a redirect to https and then inside",
    url: "http://outer.example/",
    outside: redirecting({
      "/": [308, "https://outer.example/secure"],
      "/secure": [302, "https://10.0.0.5/"],
    }),
  },
  {
    name: "a redirect from an allowed host to its neighbour",
    allowedHosts: ["outer.example"],
    ...to("http://10.0.0.5/"),
  },
  {
    name: "a redirect from an allowed port to another of the same private host",
    url: "http://outer.example:8080/",
    outside: redirecting({ "/": [302, "http://inside.example:9999/"] }),
    names: EVIL,
    allowedHosts: ["outer.example:8080", "inside.example:8080"],
  },
  {
    name: "a redirect from https to http",
    url: "https://outer.example/",
    outside: redirecting({ "/": [302, "http://outer.example/plain"] }),
    reached: askedOver("plain", 1),
  },
  {
    name: "a redirect from https to http with a key",
    url: "https://outer.example/",
    outside: redirecting({ "/": [307, "http://outer.example/plain"] }),
    given: { method: "POST", body: "order", headers: { authorization: "Bearer key" } },
    reached: askedOver("plain", 1),
  },
  {
    name: "redirects to https and back to http",
    url: "http://outer.example/",
    outside: redirecting({
      "/": [302, "https://outer.example/secure"],
      "/secure": [302, "http://outer.example/plain"],
    }),
    reached: askedOver("plain", 2),
  },
  {
    name: "redirects without an end",
    ...to("/"),
    expects: "too_many_redirects",
    reached: askedOver("plain", 7),
  },
  ...["gopher", "ftp"].map((scheme): Try => ({
    name: `redirect to ${scheme}`,
    ...to(`${scheme}://10.0.0.5:6379/`),
    control: async (world) => await connectTo(world, "10.0.0.5", 6379),
  })),
  {
    name: "a redirect that asks for two places",
    url: "http://outer.example/",
    outside: (_request, response) => {
      response.writeHead(302, [
        ["location", "http://outer.example/page"],
        ["location", "http://10.0.0.5/"],
      ]);
      response.end();
    },
    expects: "unreachable",
    control: async (world) => await connectTo(world, "10.0.0.5", 80),
  },
  carrying("authorization", "http://other.example/"),
  carrying("cookie", "http://other.example/"),
  carrying("x-api-key", "http://other.example/"),
  carrying("mcp-session-id", "http://other.example/"),
  carrying("authorization", "http://sub.outer.example/"),
  carrying("authorization", "http://outer.example:8080/"),
  carrying("authorization", "https://outer.example/"),
  {
    ...carrying("proxy-authorization", "http://other.example/"),
    name: "proxy-authorization is not the caller's to send",
    expects: "refused",
  },
];
