import type * as Sdk from "@modelcontextprotocol/client";
import type { Client, JSONRPCMessage, Transport } from "@modelcontextprotocol/client";
import { z } from "zod";

import type { McpServerSettings } from "../config/mcp-servers.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import { CallResult } from "./call-result.ts";
import { cleanLine } from "./clean-text.ts";
import { FloodGauge } from "./flood-gauge.ts";
import { limitedFetch, type McpFetch } from "./http-fetch.ts";
import { StdioTransport } from "./stdio-transport.ts";

export type SessionParts = {
  readonly settings: McpServerSettings;
  readonly logger: Logger;
  readonly egress: McpFetch;
  readonly clock: Clock;
  /** Told once when the session has ended by itself; `why` ends a sentence. */
  readonly onLost: (session: Session, why: string) => void;
};

export type ToolCall = {
  readonly tool: string;
  readonly given: unknown;
  /** Sent to the server as `_meta["ts-orca/idempotency_key"]`; null sends none. */
  readonly key: string | null;
  readonly signal: AbortSignal;
};

const SLOWEST_START_MS = 30_000;
const PING_MS = 5_000;
const MOST_PAGES = 100;
const MOST_TOOLS = 5_000;
/** A server may ask for shorter pauses between the attempts to reach its stream, without end. */
const SHORTEST_RECONNECT_MS = 1_000;

const Page = z.looseObject({ tools: z.array(z.unknown()), nextCursor: z.string().nullish() });

/** One connection to a server, from its handshake to its end. Knows the protocol, and nothing of approval. */
export class Session {
  /** Whether the server has said that its tools are others now; put back by who looks at them. */
  isStale = false;
  readonly #parts: SessionParts;
  readonly #gauge: FloodGauge;
  readonly #startMs: number;
  readonly #callMs: number;
  #client: Client | null = null;
  #transport: Transport | null = null;
  #terminate: () => Promise<void> = () => Promise.resolve();
  #abandon: () => void = () => undefined;
  #ended = false;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#gauge = new FloodGauge(parts.clock);
    this.#callMs = parts.settings.timeout_s * 1_000;
    this.#startMs = Math.min(this.#callMs, SLOWEST_START_MS);
  }

  /** To be ended also when this rejects. */
  async open(): Promise<void> {
    const sdk = await import("@modelcontextprotocol/client");
    if (this.#ended) throw new Error("The connection has ended.");
    // No capabilities: a server that asks for sampling, elicitation or roots is told that there is no such method.
    const client = new sdk.Client(
      { name: "ts-orca", version: "1" },
      { capabilities: {}, versionNegotiation: { mode: "legacy" } },
    );
    this.#client = client;
    const transport = this.#createTransport(sdk);
    this.#transport = transport;
    // The client calls it before its own.
    Object.assign(transport, { onmessage: (message: JSONRPCMessage) => this.#count(message) });
    Object.assign(client, {
      onerror: (error: unknown) => this.#debug(error),
      onclose: () => this.#lose("has ended the connection"),
    });
    client.setNotificationHandler("notifications/tools/list_changed", () => {
      this.isStale = true;
    });
    await client.connect(transport, { timeout: this.#startMs });
  }

  /** All tools as the server describes them, unchecked. */
  async listTools(): Promise<readonly unknown[]> {
    const signal = AbortSignal.timeout(this.#startMs);
    const tools: unknown[] = [];
    let cursor: string | undefined;
    for (let pages = 0; pages < MOST_PAGES; pages += 1) {
      const params = cursor === undefined ? {} : { cursor };
      const page = await this.#connected().request({ method: "tools/list", params }, Page, {
        signal,
        timeout: this.#startMs,
      });
      for (const tool of page.tools) tools.push(tool);
      if (tools.length > MOST_TOOLS) throw new Error(`It lists more than ${MOST_TOOLS} tools.`);
      cursor = page.nextCursor ?? undefined;
      if (cursor === undefined) return tools;
    }
    throw new Error(`It lists its tools on more than ${MOST_PAGES} pages.`);
  }

  async callTool({ tool, given, key, signal }: ToolCall): Promise<CallResult> {
    const meta = key === null ? {} : { _meta: { "ts-orca/idempotency_key": key } };
    const params = { name: tool, arguments: given, ...meta };
    const options = { signal, timeout: this.#callMs };
    return this.#connected().request({ method: "tools/call", params }, CallResult, options);
  }

  /** Whether the server answers anything at all. */
  async isAlive(): Promise<boolean> {
    try {
      await this.#connected().ping({ timeout: Math.min(PING_MS, this.#callMs) });
      return true;
    } catch (error) {
      this.#debug(error);
      return false;
    }
  }

  /**
   * Tells a server of streamable HTTP, ends one of stdio with its whole process group; one that has `failed` at once.
   * Never rejects.
   */
  async end({ failed }: { readonly failed: boolean }): Promise<void> {
    this.#ended = true;
    if (failed) this.#abandon();
    try {
      if (!failed) await this.#terminate();
    } catch (error) {
      this.#debug(error);
    }
    try {
      await this.#client?.close();
      // The client lets go of a transport that has failed to start.
      await this.#transport?.close();
    } catch (error) {
      this.#debug(error);
    }
  }

  #createTransport(sdk: typeof Sdk): Transport {
    const { settings, logger, egress } = this.#parts;
    const onBroken = (why: string): void => this.#lose(why);
    const shared = { gauge: this.#gauge, onBroken };
    if (settings.transport.kind === "stdio") {
      const parse = (line: string): JSONRPCMessage => sdk.deserializeMessage(line);
      const stdio = new StdioTransport({ ...settings.transport, ...shared, logger, parse });
      this.#abandon = () => stdio.abandon();
      return stdio;
    }
    const { url, headers } = settings.transport;
    const http = new sdk.StreamableHTTPClientTransport(new URL(url), {
      requestInit: { headers },
      fetch: limitedFetch(egress, { ...shared, timeoutMs: this.#callMs + PING_MS }),
      reconnectionScheduler: (reconnect, delay) => {
        const timer = setTimeout(reconnect, Math.max(delay, SHORTEST_RECONNECT_MS)).unref();
        return () => clearTimeout(timer);
      },
    });
    this.#terminate = () => within(PING_MS, http.terminateSession());
    return http;
  }

  #connected(): Client {
    if (this.#client === null || this.#ended) throw new Error("The connection has ended.");
    return this.#client;
  }

  #count(message: JSONRPCMessage): void {
    const flood = "method" in message ? this.#gauge.add({ messages: 1 }) : null;
    if (flood !== null) this.#lose(flood);
  }

  #lose(why: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#parts.onLost(this, why);
  }

  #debug(error: unknown): void {
    this.#parts.logger.debug({ error: cleanLine(String(error), 500) }, "MCP connection");
  }
}

async function within(ms: number, work: Promise<void>): Promise<void> {
  const over = Promise.withResolvers<void>();
  const timer = setTimeout(over.resolve, ms);
  try {
    await Promise.race([work, over.promise]);
  } finally {
    clearTimeout(timer);
  }
}
