// A model provider as a process of its own: OpenAI-compatible over HTTP, with seeded answers and a referee's record.
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";

import { Chance } from "./chance.ts";
import { completion, faultFor, isAskedAgain, PARTIAL, placeOf, sendJson } from "./provider-faults.ts";
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
/** As tokenizers are with English and JSON, about. */
const BYTES_PER_TOKEN = 4.5;
/** How often a fault was played, by place. */
const played = new Map<string, number>();
const referee = await RefereeFile.open(values.referee ?? "");

const server = createServer((request, response) => {
  const at = Date.now();
  handle(request, response, at).catch((error: unknown) => response.destroy(error as Error));
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = server.address() as AddressInfo;
process.stdout.write(`${JSON.stringify({ origin: `http://127.0.0.1:${port}` })}\n`);

async function handle(incoming: IncomingMessage, response: ServerResponse, at: number): Promise<void> {
  if (incoming.url?.endsWith("/models")) {
    incoming.resume();
    return sendJson(response, { data: [{ id: "m1", object: "model" }] });
  }
  const header = (name: string): string => String(incoming.headers[`x-orca-${name}`] ?? "");
  const request: Request = {
    workflow: header("workflow"),
    role: header("role"),
    step: header("step"),
    attempt: Number(header("attempt")),
    call: Number(header("call")),
  };
  if (incoming.url?.startsWith("/null/") === true) {
    incoming.resume();
    return sendJson(response, completion(JSON.stringify(seededAnswer(seed, request, "least").body)));
  }
  // Several providers may play the same fault: they differ by the number before its name.
  const provider = /^\/faults\/\d+-([^/]+)\//.exec(incoming.url ?? "")?.[1] ?? null;
  const asked = await bodyOf(incoming);
  const leaks = asked.includes(PARTIAL);
  await referee.append({ kind: "asked", at, ...request, leaks });
  const { min, max } = latency;
  const chance = new Chance(seed, request.workflow, request.step, request.attempt, request.call);
  const pause = chance.between(min, max);
  await sleep(pause);
  const { body, flawed } = seededAnswer(seed, request, provider === null ? "usual" : "plain");
  const place = placeOf(provider ?? "", request);
  const met = played.get(place) ?? 0;
  const fault = provider === null ? null : faultFor(seed, provider, { request, played: met });
  if (fault !== null) played.set(place, met + 1);
  const text = JSON.stringify(body);
  const usage = {
    prompt_tokens: Math.ceil(asked.length / BYTES_PER_TOKEN),
    completion_tokens: Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN),
  };
  const tokens = fault === null ? usage.prompt_tokens + usage.completion_tokens : 0;
  const ended = {
    ...request,
    tokens,
    flawed: flawed || (fault !== null && isAskedAgain(fault)),
    fault: fault?.name ?? null,
  };
  const over = (whole: boolean): void => {
    referee
      .append({ kind: "answered", at: Date.now(), ...ended, whole })
      .catch((error: unknown) => response.destroy(error as Error));
  };
  if (response.destroyed) return over(false);
  response.once("close", () => over(response.writableFinished));
  if (fault === null) sendJson(response, completion(text, "stop", usage));
  else fault.play(response, body);
}

async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

// Whoever started this process holds its standard input open, so that it never outlives them.
process.stdin.resume();
await once(process.stdin, "end");
server.close();
server.closeAllConnections();
await once(server, "close");
await referee.close();
