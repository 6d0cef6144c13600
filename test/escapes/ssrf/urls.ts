import { readFile } from "node:fs/promises";

import { EnvHttpProxyAgent, request, WebSocket } from "undici";

import { connectTo, plainRequest, type Result } from "./clients.ts";
import type { Try } from "./ssrf-case.ts";
import type { World } from "./world.ts";

const INSIDE = "10.0.0.5";
const taken: Result = { code: "taken", bytes: 0, text: "" };

/** A client of many protocols, as curl is, that finds its host with this port when the URL names none. */
const anyProtocol = (port: number) => async (world: World, url: string) =>
  await connectTo(world, /^[a-z]+:\/\/([^:/]+)/.exec(url)![1]!, port);

const SCHEMES: readonly Try[] = [
  ...(
    [
      ["gopher", 70],
      ["ftp", 21],
      ["dict", 2628],
      ["ldap", 389],
      ["tftp", 69],
      ["redis", 6379],
    ] as const
  ).map(([scheme, port]): Try => ({
    name: `scheme ${scheme}`,
    url: `${scheme}://${INSIDE}/1`,
    control: anyProtocol(port),
  })),
  {
    name: "scheme ws",
    url: ({ inside }) => `ws://127.0.0.1:${inside.port}/`,
    async control(_world, url) {
      const socket = new WebSocket(url);
      await new Promise((resolve) => socket.addEventListener("error", resolve));
      return taken;
    },
  },
  {
    name: "scheme file",
    url: import.meta.url,
    async control(_world, url) {
      const text = await readFile(new URL(url), "utf8");
      return { code: "200", bytes: text.length, text: text.slice(0, 1000) };
    },
    reached: async (_world, { code, bytes }) => (code === "200" ? `${bytes} bytes of a file` : null),
  },
  {
    name: "scheme data",
    url: "data:text/plain,whatever",
    async control(_world, url) {
      const text = await (await fetch(url)).text();
      return { code: "200", bytes: text.length, text };
    },
    reached: async (_world, { code }) => (code === "200" ? "an answer that nobody gave" : null),
  },
  {
    name: "scheme HTTP in capitals does not hide the host",
    url: `HTTP://${INSIDE}/`,
  },
  {
    name: "a scheme without slashes",
    url: `http:${INSIDE}/`,
  },
  {
    name: "a scheme with one slash",
    url: `http:/${INSIDE}/`,
  },
  {
    name: "a scheme with many slashes",
    url: `http://///${INSIDE}/`,
  },
];

const PORTS = [
  0, 1, 22, 23, 25, 53, 110, 111, 135, 139, 143, 389, 445, 465, 587, 636, 873, 993, 1023, 1433, 2049, 2375,
  2379, 3306, 3389, 5432, 5672, 5984, 5985, 6379, 6443, 8200, 8500, 9042, 9200, 10250, 11211, 11434, 15672,
  27017,
];

/** Reads the authority as RFC 3986 has it: all up to the last @ is a user, and a backslash is a letter. */
const byRfc3986 = async (world: World, url: string): Promise<Result> =>
  await connectTo(world, /^\w+:\/\/(?:[^/?#]*@)?([^/?#:@]+)/.exec(url)![1]!, 80);

/** Reads strings as C does. */
const untilNul = async (world: World, url: string): Promise<Result> =>
  await plainRequest(world, { url: url.split("\0")[0]! });

const PARSING: readonly Try[] = [
  { name: "a user", url: `http://allowed.example@${INSIDE}/` },
  { name: "a user and a password", url: `http://allowed.example:80@${INSIDE}/` },
  { name: "a password alone", url: `http://:allowed.example@${INSIDE}/` },
  { name: "two @", url: `http://a@allowed.example@${INSIDE}/` },
  { name: "an encoded @ before an @", url: `http://allowed.example%40@${INSIDE}/` },
  { name: "an empty user", url: `http://@${INSIDE}/` },
  {
    name: "a user before a public host",
    url: "http://key:secret@outer.example/",
    reached: async ({ asked }) => (asked.length > 0 ? "a host by a URL with credentials" : null),
  },
  { name: "a backslash before an @", url: `http://outer.example\\@${INSIDE}/`, control: byRfc3986 },
  { name: "a backslash after the host", url: `http://${INSIDE}\\@outer.example/` },
  { name: "two backslashes for slashes", url: `http:\\\\${INSIDE}/` },
  { name: "a hash before an @", url: `http://${INSIDE}#@outer.example/` },
  { name: "a query before an @", url: `http://${INSIDE}?@outer.example/` },
  { name: "a NUL in the host", url: `http://${INSIDE}\0.outer.example/`, control: untilNul },
  { name: "a NUL after the host", url: `http://${INSIDE}\0/`, control: untilNul },
  {
    name: "an encoded NUL in the host",
    url: `http://${INSIDE}%00.outer.example/`,
    control: (world, url) => untilNul(world, decodeURIComponent(url)),
  },
  { name: "a tab in the host", url: "http://10.0.\t0.5/" },
  { name: "a line break in the host", url: "http://10.0.0\r\n.5/" },
  { name: "a line break in the scheme", url: `ht\ntp://${INSIDE}/` },
  { name: "a control character in front", url: `\u0001http://${INSIDE}/` },
  { name: "spaces around", url: `  http://${INSIDE}/  ` },
  { name: "a soft hyphen in the host", url: "http://10.0.0\u00AD.5/" },
  { name: "a zero-width space in the host", url: "http://10.0.\u200B0.5/" },
  { name: "an encoded dot in the host", url: "http://10%2e0%2e0%2e5/" },
  { name: "an encoded slash in the host", url: `http://${INSIDE}%2f.outer.example/`, control: decoded },
  { name: "an encoded hash in the host", url: `http://${INSIDE}%23.outer.example/`, control: decoded },
  { name: "a comma between hosts", url: `http://${INSIDE},outer.example/`, control: firstOfList },
  { name: "a semicolon between hosts", url: `http://${INSIDE};outer.example/`, control: firstOfList },
];

async function decoded(world: World, url: string): Promise<Result> {
  return await plainRequest(world, { url: decodeURIComponent(url) });
}

async function firstOfList(world: World, url: string): Promise<Result> {
  return await plainRequest(world, { url: url.replace(/[,;].*/, "/") });
}

const HEADERS: readonly Try[] = ["host", "Host", "HOST"].map((name) => ({
  name: `another host in the header ${name}`,
  url: "http://outer.example/",
  given: { headers: { [name]: "metadata.google.internal" } },
  reached: async ({ asked }) =>
    asked.some(({ request: { headers } }) => headers.host === "metadata.google.internal")
      ? "a private name behind a public address"
      : null,
}));

const PROXIES: readonly Try[] = (
  [
    ["http_proxy", "http://outer.example/"],
    ["HTTP_PROXY", "http://outer.example/"],
    ["https_proxy", "https://outer.example/"],
    ["HTTPS_PROXY", "https://outer.example/"],
  ] as const
).map(([variable, url]) => ({
  name: `a proxy inside by ${variable}`,
  url(world) {
    process.env[variable] = `http://127.0.0.1:${world.inside.port}`;
    return url;
  },
  expects: "200",
  async control() {
    const dispatcher = new EnvHttpProxyAgent();
    try {
      const answer = await request(url, { dispatcher, signal: AbortSignal.timeout(3000) });
      return { code: String(answer.statusCode), bytes: 0, text: await answer.body.text() };
    } catch (error) {
      return { code: "failed", bytes: 0, text: String(error) };
    } finally {
      await dispatcher.destroy();
    }
  },
  async reached({ inside }) {
    Reflect.deleteProperty(process.env, variable);
    const connections = await inside.connections();
    return connections > 0 ? `${connections} connections to the proxy` : null;
  },
}));

export const urls: readonly Try[] = [
  ...SCHEMES,
  ...PORTS.map((port): Try => ({
    name: `port ${port}`,
    url: `http://outer.example:${port}/`,
    control: async (world) => await connectTo(world, "outer.example", port),
  })),
  ...PARSING.map((one) => ({
    names: { "10.0.0.5,outer.example": [[INSIDE]], "10.0.0.5;outer.example": [[INSIDE]] },
    ...one,
    name: `reading of URLs: ${one.name}`,
  })),
  ...HEADERS,
  ...PROXIES,
];
