import { hash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import { type Frame, readFrames } from "../../src/cli/sse.ts";
import type { Chance } from "./chance.ts";
import type { Nodes, ReachedNode } from "./nodes.ts";
import { provenWrong } from "./proven-wrong.ts";

export type Digests = { readonly content: string; readonly bytes: string };

/** What one connection brought, in its order; `after` is what it asked for. Times are milliseconds since the epoch. */
export type Connection = {
  readonly after: number;
  /** The process that was asked. */
  readonly instance_id: string;
  readonly opened_at: number;
  readonly frames: ({ readonly seq: number; readonly at: number } & Digests)[];
};

/** Everything that one client of one workflow was told over all its connections. */
export type Transcript = { readonly workflow: string; readonly connections: readonly Connection[] };

export type SeenEvent = { readonly seq: number; readonly type: string; readonly payload: unknown };

export type ClientHabits = {
  /** How likely it is that a connection is cut, at a random byte of its first `cut_within`. */
  readonly cut: number;
  readonly cut_within: number;
  /** How likely it is that a client comes back with an older id than it knows. */
  readonly rewind: number;
};

const RETRY_MS = 20;
/** A stream without a word for longer than a heartbeat is as good as cut. */
const SILENCE_MS = 15_000;

/** A frame by its content and by its bytes, which may order the keys of the same content in another way. */
export function digestsOf(type: string, json: string): Digests {
  const content = JSON.stringify(JSON.parse(json), keysInOrder);
  return { content: hash("sha1", `${type}\n${content}`, "base64"), bytes: hash("sha1", json, "base64") };
}

function keysInOrder(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1)));
}

type Listening = {
  readonly reached: ReachedNode;
  readonly heard: (event: SeenEvent) => void;
  readonly hangUp: AbortController;
  readonly signal: AbortSignal;
  readonly silence: NodeJS.Timeout;
};

/** A client that follows one workflow to its end over cut connections and dead nodes, by `Last-Event-ID`. */
export class ResumingClient {
  readonly connections: Connection[] = [];
  cuts = 0;
  readonly #nodes: Nodes;
  readonly #chance: Chance;
  readonly #habits: ClientHabits;
  #last = 0;
  #closed = false;

  constructor(nodes: Nodes, chance: Chance, habits: ClientHabits) {
    this.#nodes = nodes;
    this.#chance = chance;
    this.#habits = habits;
  }

  /** Resolves when the workflow is closed; `heard` gets every event once, in order. Throws when `stop` is aborted. */
  async follow(
    workflow: { readonly id: string; readonly tenant: string },
    heard: (event: SeenEvent) => void,
    stop: AbortSignal,
  ): Promise<void> {
    while (!this.#closed) {
      stop.throwIfAborted();
      const reached = await this.#nodes.reach(this.#chance);
      const hangUp = new AbortController();
      const silence = setTimeout(() => hangUp.abort(), SILENCE_MS);
      const signal = AbortSignal.any([hangUp.signal, stop]);
      try {
        await this.#listen(workflow, { reached, heard, hangUp, signal, silence });
      } catch (error) {
        if (!(error instanceof TypeError) && (error as Error).name !== "AbortError") throw error;
      } finally {
        clearTimeout(silence);
        hangUp.abort();
      }
      if (!this.#closed) await sleep(RETRY_MS);
    }
  }

  async #listen(
    { id, tenant }: { readonly id: string; readonly tenant: string },
    { reached, heard, hangUp, signal, silence }: Listening,
  ): Promise<void> {
    const rewinds = this.#last > 0 && this.#chance.likely(this.#habits.rewind);
    const after = rewinds ? this.#chance.between(0, this.#last - 1) : this.#last;
    const opened_at = Date.now();
    const response = await fetch(`${reached.url}/api/v1/workflows/${id}/stream`, {
      headers: { "x-tenant-id": tenant, ...(after > 0 && { "last-event-id": String(after) }) },
      signal,
    });
    if (response.status === 503) return;
    if (response.status === 204) {
      this.#closed = true;
      return;
    }
    if (!response.ok || !response.body)
      throw provenWrong("accepted_is_kept", `its stream answers ${response.status}`, id);
    const connection: Connection = { after, instance_id: reached.instance_id, opened_at, frames: [] };
    this.connections.push(connection);
    for await (const frame of readFrames(this.#untilCut(response.body, hangUp, silence))) {
      this.#take(frame, connection, heard);
      if (this.#closed) break;
    }
  }

  #take(frame: Frame, connection: Connection, heard: (event: SeenEvent) => void): void {
    const seq = Number(frame.id);
    connection.frames.push({ seq, at: Date.now(), ...digestsOf(frame.event, frame.data) });
    if (seq !== this.#last + 1) return;
    this.#last = seq;
    heard(JSON.parse(frame.data) as SeenEvent);
    if (frame.event === "workflow.closed") this.#closed = true;
  }

  /** The body up to a random byte, which may lie in the middle of a frame. */
  async *#untilCut(
    body: AsyncIterable<Uint8Array>,
    hangUp: AbortController,
    silence: NodeJS.Timeout,
  ): AsyncGenerator<Uint8Array> {
    const { cut, cut_within } = this.#habits;
    let left = this.#chance.likely(cut) ? this.#chance.between(1, cut_within) : Number.POSITIVE_INFINITY;
    for await (const chunk of body) {
      silence.refresh();
      if (chunk.length > left) {
        this.cuts += 1;
        yield chunk.subarray(0, left);
        hangUp.abort();
        return;
      }
      left -= chunk.length;
      yield chunk;
    }
  }
}
