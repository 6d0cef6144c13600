import type { ServerResponse } from "node:http";

import { OrcaError } from "../core/orca-error.ts";
import { eventRow } from "../core/workflow/event-row.ts";
import type { WorkflowEvent } from "../core/workflow/events.ts";
import type { Engine, Principal, PublishedEvent } from "../engine/engine.ts";
import type { Logger } from "../ports/logger.ts";
import type { TenantStorage } from "../ports/storage.ts";

const PAGE = 500;
const HEARTBEAT_MS = 10_000;
const RETRY = Buffer.from("retry: 2000\n\n");
/** Clients of a server that goes down come back in this time, not all at once. */
const RETURN_WITHIN_MS = 1_000;
const HEARTBEAT = Buffer.from(": still here\n\n");
/** What may wait for one slow client before it is put back to reading at its own pace. */
const MOST_WAITING_BYTES = 1_048_576;
const STALLED_BEATS = 3;

export type StreamRequest = {
  readonly principal: Principal;
  readonly workflow_id: string;
  readonly storage: Pick<TenantStorage, "readEvents" | "loadHead">;
  /** The last `seq` the client knows. */
  readonly after: number;
  /** False when the client knew all there was as it asked: then nothing is read for it. */
  readonly behind?: boolean;
  readonly outgoing: ServerResponse;
  readonly headers: Readonly<Record<string, string>>;
  readonly log: Logger;
};

/** All streams of a server: one timer for their heartbeats, one end for all of them. */
export class EventStreams {
  readonly #engine: Pick<Engine, "subscribe">;
  readonly #shutdown: AbortSignal;
  readonly #streams = new Set<EventStream>();
  #beat: NodeJS.Timeout | undefined;

  constructor(engine: Pick<Engine, "subscribe">, shutdown: AbortSignal) {
    this.#engine = engine;
    this.#shutdown = shutdown;
    shutdown.addEventListener("abort", () => this.#streams.forEach((stream) => stream.leave()), {
      once: true,
    });
  }

  /** Takes the response over. */
  open(request: StreamRequest): void {
    if (this.#shutdown.aborted)
      throw new OrcaError("shutting_down", "The server is going down; connect again in a moment.");
    if (request.outgoing.destroyed) return;
    const stream = new EventStream(request, () => this.#forget(stream));
    stream.start(this.#engine);
    this.#streams.add(stream);
    this.#beat ??= setInterval(() => this.#streams.forEach((each) => each.beat()), HEARTBEAT_MS);
  }

  #forget(stream: EventStream): void {
    this.#streams.delete(stream);
    if (this.#streams.size > 0) return;
    clearInterval(this.#beat);
    this.#beat = undefined;
  }
}

/**
 * One client. It reads stored pages until it stands at the head of the journal, then takes events as they are
 * published; whatever does not follow on what was sent last puts it back to reading.
 */
class EventStream {
  readonly #request: StreamRequest;
  readonly #onClose: () => void;
  #last: number;
  /** Highest `seq` heard of, sent or not. */
  #heard = 0;
  #live = false;
  #over = false;
  #unsubscribe: (() => void) | undefined;
  #stalled = { bytes: -1, beats: 0 };

  constructor(request: StreamRequest, onClose: () => void) {
    this.#request = request;
    this.#onClose = onClose;
    this.#last = request.after;
  }

  start(engine: Pick<Engine, "subscribe">): void {
    const { outgoing, headers, principal, workflow_id } = this.#request;
    this.#unsubscribe = engine.subscribe(principal, workflow_id, (events) => this.#publish(events));
    outgoing.once("close", () => this.#close());
    outgoing.on("error", () => outgoing.destroy());
    outgoing.writeHead(200, headers);
    this.#write(RETRY);
    this.#catchUp();
  }

  /** Ends the stream before the workflow does: the client is told to come back, to whichever node answers then. */
  leave(): void {
    const after = Math.ceil(Math.random() * RETURN_WITHIN_MS);
    this.#write(Buffer.from(`retry: ${after}\n\n`));
    this.end();
  }

  end(): void {
    this.#over = true;
    this.#request.outgoing.end();
  }

  beat(): void {
    const { outgoing } = this.#request;
    const waiting = outgoing.writableLength;
    const taken = (outgoing.socket?.bytesWritten ?? 0) - waiting;
    const beats = waiting > 0 && taken <= this.#stalled.bytes ? this.#stalled.beats + 1 : 0;
    this.#stalled = { bytes: taken, beats };
    if (beats >= STALLED_BEATS) outgoing.destroy();
    else if (waiting === 0) this.#write(HEARTBEAT);
  }

  #publish(events: readonly PublishedEvent[]): void {
    const newest = events.at(-1);
    if (newest === undefined) return;
    this.#heard = Math.max(this.#heard, newest.event.seq);
    if (!this.#live) return;
    const { outgoing } = this.#request;
    for (const published of events) {
      const { seq } = published.event;
      if (seq <= this.#last) continue;
      if (seq !== this.#last + 1 || outgoing.writableLength > MOST_WAITING_BYTES) {
        this.#live = false;
        this.#catchUp();
        break;
      }
      this.#last = seq;
      this.#write(sharedFrame(published));
    }
    if (this.#live && this.#last === newest.event.seq && newest.event.type === "workflow.closed") this.end();
  }

  #catchUp(): void {
    this.#readPages().catch((error: unknown) => {
      this.#request.log.warn(
        { error, workflow_id: this.#request.workflow_id },
        "stream broken off; it can be resumed",
      );
      this.#request.outgoing.destroy();
    });
  }

  async #readPages(): Promise<void> {
    const { storage, workflow_id } = this.#request;
    let { behind = true } = this.#request;
    while (!this.#over) {
      if (behind && (await this.#readPage()) === PAGE) continue;
      const head = await storage.loadHead(workflow_id);
      const unread = !behind && head !== null && head.version > this.#last;
      behind = true;
      if (unread || this.#heard > this.#last) continue;
      // No await from here on, so that nothing can be published in between.
      if (head === null || (head.closed && head.version <= this.#last)) return this.end();
      this.#live = true;
      return;
    }
  }

  async #readPage(): Promise<number> {
    const { storage, workflow_id } = this.#request;
    await this.#drained();
    const page = await storage.readEvents(workflow_id, { after: this.#last, limit: PAGE });
    for (const event of page) {
      this.#write(frame(event, JSON.stringify(eventRow(workflow_id, event))));
      this.#last = event.seq;
      await this.#drained();
    }
    return page.length;
  }

  #write(chunk: Uint8Array): void {
    if (!this.#over) this.#request.outgoing.write(chunk);
  }

  async #drained(): Promise<void> {
    const { outgoing } = this.#request;
    if (!outgoing.writableNeedDrain || outgoing.destroyed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    outgoing.once("drain", resolve);
    outgoing.once("close", resolve);
    await promise;
    outgoing.off("drain", resolve);
    outgoing.off("close", resolve);
  }

  #close(): void {
    this.#over = true;
    this.#unsubscribe?.();
    this.#onClose();
  }
}

const frames = new WeakMap<PublishedEvent, Uint8Array>();

/** The same bytes for every client. */
function sharedFrame(published: PublishedEvent): Uint8Array {
  const known = frames.get(published);
  if (known !== undefined) return known;
  const bytes = frame(published.event, published.json);
  frames.set(published, bytes);
  return bytes;
}

function frame({ seq, type }: WorkflowEvent, json: string): Uint8Array {
  return Buffer.from(`id: ${seq}\nevent: ${type}\ndata: ${json}\n\n`);
}
