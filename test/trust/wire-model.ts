import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One request as it came over the wire. */
export type Asked = {
  readonly workflow: string;
  readonly role: string;
  readonly step: string;
  readonly cycle: number;
  readonly attempt: number;
  /** Ordinal of the call inside the attempt, from 1. */
  readonly call: number;
  /** The whole body as text: what the model was told. */
  readonly told: string;
};

/** What the model says: a JSON answer, or calls of tools. */
export type Said = { readonly answer: unknown } | { readonly calls: readonly ToolCall[] };
export type ToolCall = { readonly name: string; readonly given: unknown };

/** May take its time: an answer that is not there yet keeps the call in flight. */
export type Script = (asked: Asked) => Said | Promise<Said>;

type Request = Asked & { readonly at: number };

/** An OpenAI-compatible endpoint whose answers are scripted by workflow, and that keeps what it was asked. */
export class WireModel {
  readonly requests: Request[] = [];
  readonly #server: Server;
  readonly #scripts = new Map<string, Script>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<WireModel> {
    const server = createServer((request, response) => {
      model.#handle(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
    const model = new WireModel(server);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return model;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  /** The script of a workflow that is about to be created under this id. */
  play(workflow: string, script: Script): void {
    this.#scripts.set(workflow, script);
  }

  callsOf(workflow: string): Request[] {
    return this.requests.filter((request) => request.workflow === workflow);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    if (incoming.url?.endsWith("/models")) {
      incoming.resume();
      return send(response, { data: [{ id: "m1", object: "model" }] });
    }
    const header = (name: string): string => String(incoming.headers[`x-orca-${name}`] ?? "");
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const step = header("step");
    const asked: Asked = {
      workflow: header("workflow"),
      role: header("role"),
      step,
      cycle: Number(/:(\d+)/.exec(step)?.[1] ?? 0),
      attempt: Number(header("attempt")),
      call: Number(header("call")),
      told: Buffer.concat(chunks).toString("utf8"),
    };
    this.requests.push({ ...asked, at: Date.now() });
    const script = this.#scripts.get(asked.workflow);
    if (!script) throw new Error(`no script for workflow ${asked.workflow}`);
    send(response, completion(await script(asked), asked.call));
  }
}

function completion(said: Said, call: number): unknown {
  const usage = { prompt_tokens: 100, completion_tokens: 50, total_tokens: 150 };
  const message =
    "answer" in said
      ? { role: "assistant", content: JSON.stringify(said.answer) }
      : {
          role: "assistant",
          content: null,
          tool_calls: said.calls.map(({ name, given }, index) => ({
            id: `call_${call}_${index}`,
            type: "function",
            function: { name, arguments: JSON.stringify(given) },
          })),
        };
  const finish_reason = "answer" in said ? "stop" : "tool_calls";
  return {
    id: `c${call}`,
    object: "chat.completion",
    created: 0,
    model: "m1",
    choices: [{ index: 0, message, finish_reason }],
    usage,
  };
}

function send(response: ServerResponse, body: unknown): void {
  response.setHeader("content-type", "application/json").end(JSON.stringify(body));
}
