import { expect, test } from "vitest";

import { type Frame, readFrames } from "./sse.ts";

async function framesOf(text: string, chunk: number): Promise<Frame[]> {
  const bytes = new TextEncoder().encode(text);
  async function* body(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk);
  }
  return Array.fromAsync(readFrames(body()));
}

const TEXT =
  'retry: 2000\n\n: heartbeat\n\nid: 7\nevent: role.started\ndata: {"title":"Größe"}\n\ndata:a\ndata: b\n\nid: 8\ndata: cut';

test.each([1, 3, 1000])("reads whole frames from chunks of %i bytes", async (chunk) => {
  expect(await framesOf(TEXT, chunk)).toEqual([
    { id: "7", event: "role.started", data: '{"title":"Größe"}' },
    { id: null, event: "message", data: "a\nb" },
  ]);
});

test("lines may end in CR LF", async () => {
  expect(await framesOf("id: 1\r\nevent: x\r\ndata: y\r\n\r\n", 4)).toEqual([
    { id: "1", event: "x", data: "y" },
  ]);
});
