// A model provider as a process of its own: OpenAI-compatible over HTTP, with seeded answers and a referee's record.
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";

import { Chance } from "./chance.ts";
import { RefereeFile, type Request } from "./referee.ts";
import { seededAnswer } from "./seeded-answers.ts";

const { values } = parseArgs({
  options: {
    referee: { type: "string" },
    seed: { type: "string" },
    "latency-min": { type: "string" },
    "latency-max": { type: "string" },
  },
});
const seed = values.seed ?? "";
const latency = { min: Number(values["latency-min"]), max: Number(values["latency-max"]) };
const referee = await RefereeFile.open(values.referee ?? "");

const server = createServer((request, response) => {
  const at = Date.now();
  handle(request, response, at).catch((error: unknown) => response.destroy(error as Error));
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = server.address() as AddressInfo;
process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}/v1` })}\n`);

async function handle(incoming: IncomingMessage, response: ServerResponse, at: number): Promise<void> {
  if (incoming.url?.endsWith("/models")) {
    incoming.resume();
    return reply(response, { data: [{ id: "m1", object: "model" }] });
  }
  const header = (name: string): string => String(incoming.headers[`x-orca-${name}`] ?? "");
  const request: Request = {
    workflow: header("workflow"),
    role: header("role"),
    step: header("step"),
    attempt: Number(header("attempt")),
    call: Number(header("call")),
  };
  incoming.resume();
  await referee.append({ kind: "asked", at, ...request });
  const { min, max } = latency;
  const chance = new Chance(seed, request.workflow, request.step, request.attempt, request.call);
  const pause = chance.between(min, max);
  await sleep(pause);
  const { body, flawed } = seededAnswer(seed, request);
  const over = (whole: boolean): void => {
    referee
      .append({ kind: "answered", at: Date.now(), ...request, flawed, whole })
      .catch((error: unknown) => response.destroy(error as Error));
  };
  if (response.destroyed) return over(false);
  response.once("close", () => over(response.writableFinished));
  reply(response, completion(body));
}

function completion(answer: unknown): unknown {
  const message = { role: "assistant", content: JSON.stringify(answer) };
  return {
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 0,
    model: "m1",
    choices: [{ index: 0, finish_reason: "stop", message }],
    usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 },
  };
}

function reply(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
}

// Whoever started this process holds its standard input open, so that it never outlives them.
process.stdin.resume();
await once(process.stdin, "end");
server.close();
server.closeAllConnections();
await once(server, "close");
await referee.close();
