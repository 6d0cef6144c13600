import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { getRequestListener } from "@hono/node-server";
import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/server";

import { createUnrulyServer, type UnrulyFiles } from "./unruly-server.testsuite.ts";

type Seen = {
  readonly method: string;
  readonly authorization: string | null;
  readonly session: string | null;
};
type Interception = (request: IncomingMessage, response: ServerResponse) => boolean;

/** The unruly server behind streamable HTTP on loopback. */
export class UnrulyHttpServer {
  readonly seen: Seen[] = [];
  /** Answers a request in place of the server when it returns true. */
  intercept: Interception = () => false;
  readonly #sessions = new Map<string, WebStandardStreamableHTTPServerTransport>();
  readonly #files: UnrulyFiles;
  readonly #server: Server;

  constructor(files: UnrulyFiles) {
    this.#files = files;
    const handle = getRequestListener((request) => this.#handle(request));
    this.#server = createServer((request, response) => {
      const { authorization = null } = request.headers;
      const session = (request.headers["mcp-session-id"] as string | undefined) ?? null;
      this.seen.push({ method: request.method ?? "", authorization, session });
      if (!this.intercept(request, response)) void handle(request, response);
    });
  }

  async listen(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/mcp`;
  }

  /** As after a restart: no session is known any more. */
  forgetSessions(): void {
    this.#sessions.clear();
  }

  get sessions(): number {
    return this.#sessions.size;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #handle(request: Request): Promise<Response> {
    const id = request.headers.get("mcp-session-id");
    const known = id === null ? await this.#begin() : this.#sessions.get(id);
    return known?.handleRequest(request) ?? new Response("no such session", { status: 404 });
  }

  async #begin(): Promise<WebStandardStreamableHTTPServerTransport> {
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: (id) => void this.#sessions.set(id, transport),
      onsessionclosed: (id) => void this.#sessions.delete(id),
    });
    await createUnrulyServer(this.#files).connect(transport);
    return transport;
  }
}
