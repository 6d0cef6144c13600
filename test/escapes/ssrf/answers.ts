import type { RequestListener } from "node:http";
import { promisify } from "node:util";
import {
  brotliCompressSync,
  brotliDecompress,
  constants,
  deflateRawSync,
  deflateSync,
  gunzip,
  gzipSync,
  inflate,
  inflateRaw,
  zstdCompressSync,
  zstdDecompress,
} from "node:zlib";

import { plainRequest, type Result } from "./clients.ts";
import type { Try } from "./ssrf-case.ts";
import type { World } from "./world.ts";

const CAP = 64 * 1024;
const ZEROS = Buffer.alloc(4 * 1024 * 1024);
const gzipped = gzipSync(ZEROS);
// A frame of two letters that asks its reader for a window of 128 MiB.
const WIDE_ZSTD = Buffer.from("28b52ffd00881100006869", "hex");

type Unpack = (packed: Buffer) => Promise<Buffer>;

/** Answers with this body, packed as the header says. */
function packed(body: Buffer, encoding: string | readonly string[]): RequestListener {
  return (_request, response) => {
    response.setHeader("content-encoding", encoding).end(body);
  };
}

/** What a client gets that unpacks all there is. */
const unpacking =
  (body: Buffer, ...steps: readonly Unpack[]) =>
  async (): Promise<Result> => {
    let result = body;
    for (const step of steps) result = await step(result);
    return { code: "200", bytes: result.byteLength, text: "" };
  };

const longerThanCap = async (_world: World, { bytes }: Result): Promise<string | null> =>
  bytes > CAP ? `${bytes} bytes, of which ${CAP} were allowed` : null;

const bomb = (what: string, more: Partial<Try>): Try => ({
  name: `a bomb: ${what}`,
  url: "http://outer.example/",
  given: { max_bytes: CAP },
  expects: "too_large",
  reached: longerThanCap,
  ...more,
});

const PACKINGS: readonly (readonly [string, string, Buffer, Unpack])[] = [
  ["gzip", "gzip", gzipped, promisify(gunzip)],
  ["x-gzip", "x-gzip", gzipped, promisify(gunzip)],
  ["GZIP in capitals", "GZIP", gzipped, promisify(gunzip)],
  [
    "brotli",
    "br",
    brotliCompressSync(ZEROS, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
    promisify(brotliDecompress),
  ],
  ["deflate", "deflate", deflateSync(ZEROS), promisify(inflate)],
  ["deflate without its header", "deflate", deflateRawSync(ZEROS), promisify(inflateRaw)],
  ["zstd", "zstd", zstdCompressSync(ZEROS), promisify(zstdDecompress)],
  [
    "many gzip members",
    "gzip",
    Buffer.concat(Array<Buffer>(100).fill(gzipSync(ZEROS.subarray(0, 50_000)))),
    promisify(gunzip),
  ],
];

/** A client that reads for as long as it is given something, up to this many bytes. */
const reading =
  (most: number) =>
  async (world: World, url: string): Promise<Result> => {
    const socket = world.dial(await firstAddress(world, url), 80);
    socket.write("GET / HTTP/1.1\r\nhost: outer.example\r\n\r\n");
    let bytes = 0;
    for await (const chunk of socket) {
      bytes += (chunk as Buffer).byteLength;
      if (bytes > most) break;
    }
    return { code: "200", bytes, text: "" };
  };

async function firstAddress(world: World, url: string): Promise<string> {
  return (await world.resolve(new URL(url).hostname))[0]!;
}

const forEver: RequestListener = (_request, response) => {
  const more = (): void => {
    while (!response.destroyed && response.write(ZEROS.subarray(0, 65_536)));
    if (!response.destroyed) response.once("drain", more);
  };
  more();
};

const neverDone = (what: string, outside: RequestListener): Try => ({
  name: `an answer that ${what}`,
  url: "http://outer.example/",
  given: { timeout_ms: 150 },
  outside,
  expects: "timeout",
  control: async (world, url) => {
    const late = Promise.withResolvers<Result>();
    const timer = setTimeout(() => late.resolve({ code: "waits", bytes: 0, text: "" }), 400);
    const result = await Promise.race([late.promise, plainRequest(world, { url })]);
    clearTimeout(timer);
    return result;
  },
  reached: async (_world, { code }) => (code === "waits" ? "more time than was given" : null),
});

export const answers: readonly Try[] = [
  ...PACKINGS.map(([what, encoding, body, unpack]) =>
    bomb(what, { outside: packed(body, encoding), control: unpacking(body, unpack) }),
  ),
  bomb("gzip in gzip", {
    outside: packed(gzipSync(gzipped), "gzip, gzip"),
    expects: "unreachable",
    control: unpacking(gzipSync(gzipped), promisify(gunzip), promisify(gunzip)),
  }),
  bomb("brotli in gzip, in two headers", {
    outside: packed(gzipSync(PACKINGS[3]![2]), ["br", "gzip"]),
    expects: "unreachable",
    control: unpacking(gzipSync(PACKINGS[3]![2]), promisify(gunzip), promisify(brotliDecompress)),
  }),
  bomb("identity before gzip", {
    outside: packed(gzipped, "identity, gzip"),
    control: unpacking(gzipped, promisify(gunzip)),
  }),
  bomb("a zstd window of 128 MiB", {
    outside: packed(WIDE_ZSTD, "zstd"),
    expects: "unreachable",
    control: unpacking(WIDE_ZSTD, promisify(zstdDecompress)),
    reached: async (_world, { code }) => (code === "200" ? "a window of 128 MiB" : null),
  }),
  bomb("not packed, with its length", { outside: (_request, response) => response.end(ZEROS) }),
  bomb("not packed, in chunks", {
    outside: (_request, response) => {
      response.write(ZEROS.subarray(0, 100));
      response.end(ZEROS);
    },
  }),
  bomb("without an end", { outside: forEver, control: reading(CAP * 4) }),
  bomb("redirected to", {
    outside: (request, response) => {
      if (request.url === "/") response.writeHead(302, { location: "/bomb" }).end();
      else packed(gzipped, "gzip")(request, response);
    },
    control: unpacking(gzipped, promisify(gunzip)),
  }),
  bomb("headers of 64 KiB", {
    outside: (_request, response) => response.setHeader("x-long", "x".repeat(65_536)).end(),
    reached: async (_world, { code }) => (code === "200" ? "64 KiB of headers" : null),
  }),
  bomb("4000 headers", {
    outside: (_request, response) => {
      for (let line = 0; line < 4000; line += 1) response.setHeader(`x-${line}`, "xxxxx");
      response.end();
    },
    reached: async (_world, { code }) => (code === "200" ? "4000 headers" : null),
  }),
  neverDone("never begins", () => undefined),
  neverDone("never ends", (_request, response) => response.write("x")),
  neverDone("comes in drops", (_request, response) => {
    const timer = setInterval(() => response.write("x"), 20);
    response.on("close", () => clearInterval(timer));
  }),
  neverDone("is announced for ever", (_request, response) => {
    const timer = setInterval(() => response.writeProcessing(), 20);
    response.on("close", () => clearInterval(timer));
  }),
];
