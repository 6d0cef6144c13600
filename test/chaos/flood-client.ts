import { Agent, request } from "node:http";

import { provenWrong } from "./proven-wrong.ts";

export type Answer = {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly retryAfterMs: number;
};

type Asked = {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly tenant: string;
  readonly body?: unknown;
};

/** Clients of one server that keep a limited number of connections open. */
export class FloodClient {
  readonly #url: string;
  readonly #agent: Agent;

  constructor(url: string, connections: number) {
    this.#url = url;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  close(): void {
    this.#agent.destroy();
  }

  /** A connection that breaks is a broken promise: the server is up, and answers or refuses. */
  ask({ method, path, tenant, body }: Asked): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const headers = { "x-tenant-id": tenant, "content-type": "application/json" };
    const outgoing = request(`${this.#url}/api/v1${path}`, { method, headers, agent: this.#agent });
    const broken = (error: Error): void => {
      reject(provenWrong("answers_as_promised", `${method} ${path} was not answered: ${error.message}`));
    };
    outgoing.on("error", broken);
    outgoing.on("response", (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("error", broken);
      incoming.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        resolve({
          status: incoming.statusCode ?? 0,
          body: JSON.parse(text) as Answer["body"],
          retryAfterMs: Number(incoming.headers["retry-after"] ?? 1) * 1_000,
        });
      });
    });
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    return promise;
  }
}
