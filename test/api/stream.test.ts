import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

import type { EventRow } from "../../src/contract/event-row.ts";
import { type Frame, openStream } from "./event-source.ts";
import { type Api, openApi, problemIn, STORES } from "./open-api.ts";
import { CITATION } from "./scripted-workflow.ts";

let api: Api;

describe.each(STORES)("on %s", (store) => {
  beforeAll(async () => {
    api = await openApi({ store });
  });
  afterAll(() => api.close());

  function streamUrl(id: string, query = ""): string {
    return `${api.url}/api/v1/workflows/${id}/stream${query}`;
  }

  async function journal(id: string): Promise<EventRow[]> {
    const answer = await api.call(`/api/v1/workflows/${id}/events?limit=1000`);
    return ((await answer.json()) as { data: EventRow[] }).data;
  }

  function rowOf(frame: Frame): EventRow {
    return JSON.parse(frame.data ?? "") as EventRow;
  }

  async function collect(frames: AsyncIterable<Frame>): Promise<Frame[]> {
    const collected: Frame[] = [];
    for await (const frame of frames) collected.push(frame);
    return collected;
  }

  test("a stream opened before the first step shows every event once, in order, and ends with workflow.closed", async () => {
    const release = api.script.hold("director");
    const { id } = await api.create();
    const stream = await openStream(streamUrl(id));
    expect(stream.status).toBe(200);
    expect(stream.answer.headers).toMatchObject({
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
      "x-content-type-options": "nosniff",
    });
    const collected = collect(stream.frames());
    release();
    const frames = await collected;
    expect(frames[0]?.text).toBe("retry: 2000");
    const events = frames.filter((frame) => frame.id !== null);
    expect(events.map((frame) => JSON.parse(frame.data ?? "") as unknown)).toEqual(await journal(id));
    for (const frame of events) {
      const row = JSON.parse(frame.data ?? "") as EventRow;
      expect(frame).toMatchObject({ id: row.seq, event: row.type });
    }
    expect(events.at(-1)?.event).toBe("workflow.closed");
  });

  test("a client that knows the end gets 204, by header and by query", async () => {
    const { id } = await api.create();
    await api.closed(id);
    const last = (await journal(id)).length;
    const byHeader = await openStream(streamUrl(id), { "last-event-id": String(last) });
    expect(byHeader.status).toBe(204);
    const byQuery = await openStream(streamUrl(id, `?after=${last}`));
    expect(byQuery.status).toBe(204);
    const oneBefore = await openStream(streamUrl(id, `?after=${last}`), {
      "last-event-id": String(last - 1),
    });
    expect((await collect(oneBefore.events())).map((frame) => frame.id)).toEqual([last]);
  });

  test("from any Last-Event-ID, at any moment, follow exactly the missing events", async () => {
    const closed = await api.create();
    await api.closed(closed.id);
    const rows = await journal(closed.id);
    const resumed = fc.asyncProperty(fc.nat(rows.length - 1), async (after) => {
      const stream = await openStream(streamUrl(closed.id), { "last-event-id": String(after) });
      const ids = (await collect(stream.events())).map((frame) => frame.id);
      expect(ids).toEqual(rows.slice(after).map((row) => row.seq));
    });
    await fc.assert(resumed, { numRuns: 30 });

    // Cut while the workflow runs: what was read before and after the cut is the journal, nothing twice.
    const cut = fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 5 }),
      async (parts) => {
        const release = api.script.hold("architect");
        const { id } = await api.create();
        const seen: number[] = [];
        for (const [index, most] of parts.entries()) {
          if (index === 1) release();
          const stream = await openStream(streamUrl(id), { "last-event-id": String(seen.at(-1) ?? 0) });
          if (stream.status === 204) break;
          let count = 0;
          if (index > 0 || most < 5) {
            for await (const frame of stream.events()) {
              seen.push(frame.id ?? 0);
              count += 1;
              if (count === most) break;
            }
          }
          stream.close();
        }
        release();
        const rest = await openStream(streamUrl(id), { "last-event-id": String(seen.at(-1) ?? 0) });
        if (rest.status === 200) for await (const frame of rest.events()) seen.push(frame.id ?? 0);
        expect(seen).toEqual((await journal(id)).map((row) => row.seq));
      },
    );
    await fc.assert(cut, { numRuns: 15 });
  });

  test("many clients see the same events, whenever they came", async () => {
    const release = api.script.hold("director");
    const { id } = await api.create();
    const streams = await Promise.all(Array.from({ length: 20 }, () => openStream(streamUrl(id))));
    const collected = streams.map((stream) => collect(stream.events()));
    release();
    const [first, ...others] = await Promise.all(collected);
    expect(first?.length).toBeGreaterThan(20);
    for (const other of others) expect(other.map(rowOf)).toEqual(first?.map(rowOf));
  });

  test("a workflow that is resumed after its end continues on a new connection", async () => {
    api.script.say("qa", {
      criteria: [{ id: "AC1", verdict: "unmet", evidence: "line 1", citations: [CITATION] }],
      findings: [],
      summary: "No.",
    });
    const { id } = await api.create();
    await api.closed(id);
    const before = await collect((await openStream(streamUrl(id))).events());
    expect(before.at(-1)?.event).toBe("workflow.closed");
    expect(await (await api.call(`/api/v1/workflows/${id}`)).json()).toMatchObject({
      status: "failed",
    });
    api.script.say("qa", {
      criteria: [{ id: "AC1", verdict: "met", evidence: "line 1", citations: [CITATION] }],
      findings: [],
      summary: "Yes.",
    });
    expect((await api.post(`/api/v1/workflows/${id}/resume`, { max_qa_retries: 9 })).status).toBe(200);
    const after = await openStream(streamUrl(id), { "last-event-id": String(before.at(-1)?.id) });
    const rest = await collect(after.events());
    expect([...before, ...rest].map((frame) => frame.id)).toEqual((await journal(id)).map((row) => row.seq));
    // From the start, the first workflow.closed does not end the stream.
    const whole = await collect((await openStream(streamUrl(id))).events());
    expect(whole.length).toBe(before.length + rest.length);
  });

  test.each(["-1", "1.5", "abc", "99999", "1e3", "9".repeat(30), "0x1"])(
    "the event id %s is refused",
    async (given) => {
      const { id } = await api.create();
      await api.closed(id);
      for (const answer of [
        await api.call(`/api/v1/workflows/${id}/stream`, { headers: { "last-event-id": given } }),
        await api.call(`/api/v1/workflows/${id}/stream?after=${encodeURIComponent(given)}`),
      ]) {
        expect(await problemIn(answer)).toMatchObject({ status: 400, code: "invalid_event_id" });
      }
    },
  );

  test("silence is broken by a comment within 15 s", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    try {
      const release = api.script.hold("director");
      const { id } = await api.create();
      await api.reached(id, "role.started");
      const stream = await openStream(streamUrl(id));
      const frames = stream.frames();
      const known = (await journal(id)).length;
      for (let count = 0; count < known + 1; count += 1) await frames.next();
      vi.advanceTimersByTime(15_000);
      expect((await frames.next()).value).toMatchObject({ id: null, text: ": still here" });
      stream.close();
      release();
      await api.closed(id);
    } finally {
      vi.useRealTimers();
    }
  });

  test("HEAD says what a GET would, and opens nothing", async () => {
    const { id } = await api.create();
    const answer = await api.call(`/api/v1/workflows/${id}/stream`, { method: "HEAD" });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("text/event-stream");
    await api.closed(id);
  });

  test("streams end when the server closes", async () => {
    const own = await openApi();
    own.script.hold("director");
    const { id } = await own.create();
    const stream = await openStream(`${own.url}/api/v1/workflows/${id}/stream`);
    const ended = collect(stream.frames());
    await own.reached(id, "role.started");
    const started = performance.now();
    await own.close();
    await ended;
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});
