import { OpenAPIHono } from "@hono/zod-openapi";
import { beforeEach, describe, expect, test } from "vitest";

import { ManualClock } from "../engine/testing/manual-clock.testsuite.ts";
import { hookBodies } from "./hook-body.ts";
import { HttpError } from "./http-error.ts";
import type { ServerEnv } from "./server-env.ts";

const MOST_SMALL = 256;

let clock: ManualClock;
let app: OpenAPIHono<ServerEnv>;
beforeEach(() => {
  clock = new ManualClock();
  const read = hookBodies((delay, task) => clock.after(delay, task));
  app = new OpenAPIHono<ServerEnv>();
  app.onError((error, c) => c.text(error instanceof HttpError ? error.code : "defect"));
  app.post("/", async (c) => c.text(Buffer.from(await read(c)).toString()));
});

type Sender = {
  readonly answer: Promise<string>;
  readonly send: (text: string) => Promise<void>;
  readonly end: () => Promise<void>;
};

/** A request whose body comes as the test goes on. */
function begin(): Sender {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const request = new Request("http://localhost/", {
    method: "POST",
    body: readable as ReadableStream<Uint8Array<ArrayBuffer>>,
    headers: { "content-length": "100" },
    duplex: "half",
  });
  const answer = Promise.resolve(app.request(request)).then((response) => response.text());
  return {
    answer,
    // Resolves once the server has taken it.
    send: async (text) => {
      await writer.write(Buffer.from(text));
      await new Promise(setImmediate);
    },
    end: () => writer.close(),
  };
}

test("a body is read as it was sent, whatever its pieces", async () => {
  const { answer, send, end } = begin();
  await send('{"a"');
  clock.advance(1_999);
  await send(": 1}");
  await end();
  expect(await answer).toBe('{"a": 1}');
  expect(clock.waits).toEqual([]);
});

test("a body that does not begin ends after two seconds", async () => {
  const { answer } = begin();
  await clock.armed(2_000);
  clock.advance(2_000);
  expect(await answer).toBe("request_timeout");
  expect(clock.waits).toEqual([]);
});

test("a body that trickles ends after ten seconds", async () => {
  const { answer, send } = begin();
  for (let count = 0; count < 9; count += 1) {
    await send("x");
    clock.advance(1_100);
  }
  await send("x");
  clock.advance(100);
  expect(await answer).toBe("request_timeout");
});

describe("while all places are taken", () => {
  let strangers: Sender[];
  beforeEach(async () => {
    strangers = Array.from({ length: MOST_SMALL }, begin);
    for (const { send } of strangers) void send("x");
    await new Promise(setImmediate);
  });

  test("whoever has taken longest makes room for the next", async () => {
    const [first, second] = strangers;
    const honest = begin();
    expect(await first!.answer).toBe("hooks_busy");
    await honest.send("{}");
    await honest.end();
    expect(await honest.answer).toBe("{}");
    // Its place is free again.
    const next = begin();
    await next.end();
    expect(await next.answer).toBe("");
    await second!.end();
    expect(await second!.answer).toBe("x");
  });
});
