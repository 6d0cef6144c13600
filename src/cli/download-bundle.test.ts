import { hash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { type BundleToDownload, downloadBundle } from "./download-bundle.ts";
import { CliError } from "./exit-code.ts";
import { HttpClient } from "./http-client.ts";

let home = "";
const servers: Server[] = [];
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "orca-download-"));
});
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  await rm(home, { recursive: true });
});

async function serve(answer: RequestListener): Promise<HttpClient> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  return new HttpClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

type Fault = {
  /** Bytes after which an answer ends, one after the other; those after the last are whole. */
  readonly cuts?: readonly number[];
  /** Whether the connection breaks then. */
  readonly broken?: boolean;
  readonly etag?: (request: number) => string;
  readonly name?: string;
  /** Other bytes than those of the ETag. */
  readonly sent?: Buffer;
};

/** A server of one bundle with its faults, and the ranges it was asked for. */
async function serveBundle(
  bytes: Buffer,
  { cuts = [], broken = false, etag, name = "site-1a.zip", sent = bytes }: Fault = {},
) {
  const asked: string[] = [];
  const sum = `"${hash("sha256", bytes, "hex")}"`;
  const client = await serve((request, response) => {
    const range = request.headers.range ?? "";
    asked.push(range);
    const [, first = "0", last = ""] = /^bytes=(\d+)-(\d*)$/.exec(range) ?? [];
    const end = last === "" ? sent.length : Number(last) + 1;
    const tag = etag?.(asked.length) ?? sum;
    const other = request.headers["if-range"] !== undefined && request.headers["if-range"] !== tag;
    response.writeHead(other ? 200 : 206, {
      etag: tag,
      "content-disposition": `attachment; filename="${name}"; filename*=UTF-8''x`,
      "content-range": `bytes ${first}-${end - 1}/${bytes.length}`,
    });
    const part = sent.subarray(other ? 0 : Number(first), end);
    const cut = last === "" ? cuts[asked.length - 2] : undefined;
    if (cut === undefined) response.end(part);
    else if (broken) response.write(part.subarray(0, cut), () => response.destroy());
    else response.end(part.subarray(0, cut));
  });
  return { client, asked, sha256: hash("sha256", bytes, "hex") };
}

const save = (client: HttpClient, more: Partial<BundleToDownload> = {}) =>
  downloadBundle(client, { id: "wf_1", format: "zip", path: home, force: false, ...more }, [0, 1, 1]);

const BYTES = randomBytes(300_000);

describe("a bundle", () => {
  test("is saved under the name that the server gives it, or as the file that was named", async () => {
    const { client, sha256 } = await serveBundle(BYTES);
    const facts = { size: BYTES.length, sha256, resumed_at: 0 };
    expect(await save(client)).toEqual({ path: join(home, "site-1a.zip"), ...facts });
    const path = join(home, "new/folder/mine.zip");
    expect(await save(client, { path })).toEqual({ path, ...facts });
    expect((await readFile(path)).equals(BYTES)).toBe(true);
    expect(await readdir(join(home, "new/folder"))).toEqual(["mine.zip"]);
  });

  test.each(["../../evil.zip", "/etc/evil.zip", ".bashrc", "a/b.zip", ""])(
    "is not saved elsewhere by a server that calls it %j",
    async (name) => {
      const { client } = await serveBundle(BYTES, { name });
      expect((await save(client)).path).toBe(join(home, "bundle.zip"));
      expect(await readdir(home)).toEqual(["bundle.zip"]);
    },
  );

  test("whose download breaks off is gone on with at once", async () => {
    const { client, asked } = await serveBundle(BYTES, { cuts: [100_000, 0, 50_000] });
    const { path } = await save(client);
    expect((await readFile(path)).equals(BYTES)).toBe(true);
    expect(asked).toEqual(["bytes=0-0", "bytes=0-", "bytes=100000-", "bytes=100000-", "bytes=150000-"]);
  });

  test("whose connection breaks is gone on with after all that has come", async () => {
    const { client, asked } = await serveBundle(BYTES, { cuts: [100_000, 100_000], broken: true });
    const { path } = await save(client);
    expect((await readFile(path)).equals(BYTES)).toBe(true);
    expect(asked).toHaveLength(4);
  });

  test("that an earlier command has begun is gone on with", async () => {
    const { client, asked, sha256 } = await serveBundle(BYTES);
    const part = join(home, `site-1a.zip.${sha256.slice(0, 16)}.part`);
    await writeFile(part, BYTES.subarray(0, 123_456));
    await writeFile(join(home, `site-1a.zip.${"0".repeat(16)}.part`), "of an older one");
    expect(await save(client)).toMatchObject({ resumed_at: 123_456 });
    expect(asked).toEqual(["bytes=0-0", "bytes=123456-"]);
    expect((await readFile(join(home, "site-1a.zip"))).equals(BYTES)).toBe(true);
    expect(await readdir(home)).toEqual(["site-1a.zip"]);
  });

  test("that was begun with other bytes is thrown away, and fetched anew the next time", async () => {
    const { client, sha256 } = await serveBundle(BYTES);
    await writeFile(join(home, `site-1a.zip.${sha256.slice(0, 16)}.part`), Buffer.alloc(1000));
    await expect(save(client)).rejects.toMatchObject({ reason: "unavailable", code: "checksum_mismatch" });
    expect(await readdir(home)).toEqual([]);
    expect(await save(client)).toMatchObject({ resumed_at: 0 });
  });

  test("that is there already is not fetched again, and other files are not overwritten without force", async () => {
    const { client, asked } = await serveBundle(BYTES);
    const { path } = await save(client);
    await save(client);
    expect(asked).toEqual(["bytes=0-0", "bytes=0-", "bytes=0-0"]);
    await truncate(path, 10);
    await expect(save(client)).rejects.toMatchObject({
      reason: "conflict",
      code: "files_differ",
      message: expect.stringMatching(/site-1a\.zip.*--force/),
    });
    await save(client, { force: true });
    expect((await readFile(path)).equals(BYTES)).toBe(true);
  });

  test("of work that changes meanwhile is told of, and nothing is put in its place", async () => {
    const { client } = await serveBundle(BYTES, {
      etag: (request) => `"${hash("sha256", request === 1 ? "old" : "new", "hex")}"`,
    });
    await expect(save(client)).rejects.toMatchObject({ code: "bundle_changed" });
    expect(await readdir(home)).not.toContain("site-1a.zip");
  });

  test.each([
    ["more bytes than it has", Buffer.concat([BYTES, BYTES]), "more than it has announced"],
    ["other bytes", Buffer.alloc(BYTES.length), "not what the server announced"],
    ["too few bytes each time", BYTES.subarray(0, 1000), "the bundle ended too early"],
  ])("is not taken from a server that sends %s", async (_, sent, message) => {
    const { client } = await serveBundle(BYTES, { sent });
    const failed = save(client);
    await expect(failed).rejects.toThrow(CliError);
    await expect(failed).rejects.toThrow(message);
    expect(await readdir(home)).not.toContain("site-1a.zip");
  });
});

test("a server without bundles, a refusal and a place that can't be written are told as such", async () => {
  const other = await serve((_, response) => response.end("hello"));
  await expect(save(other)).rejects.toThrow(/does not serve bundles/);
  const refusing = await serve((_, response) => {
    response.writeHead(404, { "content-type": "application/problem+json" });
    response.end(
      JSON.stringify({ detail: "There is no workflow wf_1.", code: "workflow_not_found", errors: [] }),
    );
  });
  await expect(save(refusing)).rejects.toMatchObject({ reason: "not_found", code: "workflow_not_found" });
  const { client } = await serveBundle(BYTES);
  await writeFile(join(home, "file"), "");
  await expect(save(client, { path: join(home, "file/out.zip") })).rejects.toMatchObject({
    reason: "unavailable",
    code: "not_written",
  });
});
