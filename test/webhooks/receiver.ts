// A receiver of webhooks that verifies with `standardwebhooks` and keeps a journal; also a process of its own:
//   node test/webhooks/receiver.ts --journal received.jsonl --secret whsec_… [--secret …] [--port 0] [--answers 500,never,200]
import { hash } from "node:crypto";
import { once } from "node:events";
import { appendFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";

import { Webhook, WebhookVerificationError } from "standardwebhooks";

/**
 * `500`; `429:7` with `Retry-After: 7`; `302:<url>` with `Location`; `never`: read, no answer; `cut`: the connection is cut once
 * the body is read. Anything else that is not verified is answered 401.
 */
export type Answer = string;

/** A request as it came in, written down before it is answered. */
export type Received = {
  readonly at: number;
  readonly path: string;
  readonly id: string | null;
  readonly timestamp: number | null;
  /** Why it was not verified, null when it was. */
  readonly problem: string | null;
  readonly answer: Answer;
  readonly type: string | null;
  readonly body_sha256: string;
  readonly body: string;
};

export type ReceiverSettings = {
  /** Any of them may have signed it. */
  readonly secrets: readonly string[];
  /** In turn, one for each verified request; 204 once they have run out. */
  readonly answers?: readonly Answer[];
  /** JSON lines, written before the answer leaves. */
  readonly journal?: string | null;
  readonly port?: number;
  /** What an answer that is none of the special ones carries. */
  readonly says?: string;
};

export type Receiver = {
  readonly url: string;
  /** "127.0.0.1:<port>", as egress.allowed_hosts wants it. */
  readonly host: string;
  readonly received: readonly Received[];
  /** Resolves as soon as there are so many. */
  until(count: number): Promise<readonly Received[]>;
  close(): Promise<void>;
};

const HEADERS = ["webhook-id", "webhook-timestamp", "webhook-signature"] as const;
const USUAL_ANSWER = "204";

export async function startReceiver(settings: ReceiverSettings): Promise<Receiver> {
  const received: Received[] = [];
  const answers = [...(settings.answers ?? [])];
  const waiting = new Set<() => void>();
  const server = createServer((request, response) => {
    receive(request, response).catch((error: unknown) => response.destroy(error as Error));
  });

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const problem = problemOf(request, body, settings.secrets);
    const answer = problem === null ? (answers.shift() ?? USUAL_ANSWER) : "401";
    const entry = entryOf(request, { body, problem, answer });
    if (settings.journal != null) appendFileSync(settings.journal, `${JSON.stringify(entry)}\n`);
    received.push(entry);
    for (const wake of waiting) wake();
    give(answer, response, settings.says ?? "");
  }

  server.listen(settings.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${host}/hooks`,
    host,
    received,
    async until(count) {
      while (received.length < count) {
        const { promise, resolve } = Promise.withResolvers<void>();
        waiting.add(resolve);
        await promise;
        waiting.delete(resolve);
      }
      return received;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function problemOf(request: IncomingMessage, body: string, secrets: readonly string[]): string | null {
  const headers = Object.fromEntries(HEADERS.map((name) => [name, String(request.headers[name] ?? "")]));
  const problems = secrets.map((secret) => {
    try {
      new Webhook(secret).verify(body, headers);
      return null;
    } catch (error) {
      if (error instanceof WebhookVerificationError || error instanceof SyntaxError) return error.message;
      throw error;
    }
  });
  if (problems.length === 0) return "the receiver has no secret";
  return problems.includes(null) ? null : problems[0]!;
}

function entryOf(
  { headers, url = "" }: IncomingMessage,
  known: Pick<Received, "body" | "problem" | "answer">,
): Received {
  const timestamp = headers["webhook-timestamp"];
  return {
    at: Date.now(),
    path: url,
    id: headers["webhook-id"]?.toString() ?? null,
    timestamp: timestamp === undefined ? null : Number(timestamp),
    type: known.problem === null ? ((JSON.parse(known.body) as { type?: string }).type ?? null) : null,
    body_sha256: hash("sha256", known.body),
    ...known,
  };
}

function give(answer: Answer, response: ServerResponse, says: string): void {
  if (answer === "never") return;
  if (answer === "cut") {
    response.destroy();
    return;
  }
  const [status = "", ...rest] = answer.split(":");
  const more = rest.join(":");
  if (more !== "") response.setHeader(status.startsWith("3") ? "location" : "retry-after", more);
  response.writeHead(Number(status)).end(says);
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      journal: { type: "string" },
      secret: { type: "string", multiple: true },
      port: { type: "string" },
      answers: { type: "string" },
    },
  });
  const receiver = await startReceiver({
    secrets: values.secret ?? [],
    journal: values.journal ?? null,
    port: Number(values.port ?? 0),
    answers: values.answers?.split(",") ?? [],
  });
  process.stdout.write(`${JSON.stringify({ url: receiver.url, host: receiver.host })}\n`);
}
