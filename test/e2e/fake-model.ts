import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One request as it arrived: the referee of what was really asked of the model. */
export type ModelCall = {
  readonly workflow: string;
  readonly role: string;
  readonly step: string;
  readonly attempt: number;
  readonly call: number;
  readonly schemaName: string;
};

type Answers = (call: ModelCall) => unknown;
type Hold = { readonly arrived: Promise<ModelCall>; readonly release: () => void };
type Gate = { readonly arrive: (call: ModelCall) => void; readonly opened: Promise<void> };

/** An OpenAI-compatible endpoint over real HTTP that answers by step, keeps a journal, and can hold an answer back. */
export class FakeModel {
  readonly calls: ModelCall[] = [];
  readonly #answers: Answers;
  readonly #gates = new Map<string, Gate>();
  readonly #server = createServer((request, response) => {
    this.#handle(request, response).catch((error: unknown) => response.destroy(error as Error));
  });

  constructor(answers: Answers) {
    this.#answers = answers;
  }

  async start(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  /** Keeps the next answer to a step back until released; `arrived` tells when it was asked for. */
  hold(step: string): Hold {
    const arrived = Promise.withResolvers<ModelCall>();
    const opened = Promise.withResolvers<void>();
    this.#gates.set(step, { arrive: arrived.resolve, opened: opened.promise });
    return { arrived: arrived.promise, release: opened.resolve };
  }

  /** How many requests each step of a workflow has cost. */
  requestsPerStep(workflow: string): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { step } of this.calls.filter((call) => call.workflow === workflow)) {
      counts[step] = (counts[step] ?? 0) + 1;
    }
    return counts;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url?.endsWith("/models")) return reply(response, { data: [{ id: "m1", object: "model" }] });
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString("utf8")) as {
      response_format?: { json_schema?: { name?: string } };
    };
    const header = (name: string): string => String(request.headers[`x-orca-${name}`] ?? "");
    const call: ModelCall = {
      workflow: header("workflow"),
      role: header("role"),
      step: header("step"),
      attempt: Number(header("attempt")),
      call: Number(header("call")),
      schemaName: body.response_format?.json_schema?.name ?? "",
    };
    this.calls.push(call);
    const gate = this.#gates.get(call.step);
    if (gate) {
      this.#gates.delete(call.step);
      gate.arrive(call);
      await gate.opened;
    }
    reply(response, {
      id: "chatcmpl-1",
      object: "chat.completion",
      created: 0,
      model: "m1",
      choices: [
        {
          index: 0,
          finish_reason: "stop",
          message: { role: "assistant", content: JSON.stringify(this.#answers(call)) },
        },
      ],
      usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 },
    });
  }
}

function reply(response: ServerResponse, body: unknown): void {
  if (response.destroyed) return;
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
}
