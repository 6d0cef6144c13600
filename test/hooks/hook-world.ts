import { createHmac, randomUUID } from "node:crypto";
import { type ClientRequest, request as httpRequest } from "node:http";

import { type Changes, commented, labeled } from "../../src/hooks/github/payloads.testsuite.ts";

/** Two tenants, each with a hook of its own, and a third repository that nobody has configured. */
export const SITE = {
  name: "site",
  tenant: "acme",
  repository: "acme/site",
  secret: "the-secret-of-the-site",
};
export const SHOP = {
  name: "shop",
  tenant: "rival",
  repository: "rival/kit",
  secret: "the-secret-of-the-shop",
};
const TENANTS = [SITE.tenant, SHOP.tenant, "default"] as const;
const PIECE_BYTES = 1_048_576;
const BLANK = " ";

export type Payload = Readonly<Record<string, unknown>>;

export type Sending = {
  readonly body: string | Uint8Array;
  /** What it is signed with; the site's unless said otherwise. */
  readonly secret?: string;
  readonly event?: string;
  readonly id?: string;
  /** In the place of the usual ones: null leaves one out, several values send it as often. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly method?: string;
  readonly path?: string;
  /** Sends so many mebibytes of blanks after the body, in pieces, without saying how many there are. */
  readonly trailing?: number;
};

/** `status` is 0 when the connection was cut. */
export type Answer = { readonly status: number; readonly workflow_id: string | null };

/** A server that takes hooks, as a sender sees it. */
export class HookWorld {
  readonly url: string;
  #issues = 100;

  constructor(url: string) {
    this.url = url;
  }

  /** A label on an issue of its own, put on it just now. */
  label(changes: Changes = {}): Payload {
    const issue = { number: (this.#issues += 1), updated_at: this.time(), ...changes.issue };
    return labeled({ ...changes, issue });
  }

  /** A command on an issue of its own, written just now. */
  comment(changes: Changes = {}): Payload {
    const issue = { number: (this.#issues += 1), ...changes.issue };
    return commented({ ...changes, issue, comment: { created_at: this.time(), ...changes.comment } });
  }

  /** As GitHub writes it, so many seconds ago. */
  time(secondsAgo = 0): string {
    return new Date(Date.now() - secondsAgo * 1000).toISOString().replace(/\.\d+/, "");
  }

  /** What GitHub itself would send. Throws when it was not taken. */
  async honest(payload: Payload, sending: Partial<Sending> = {}): Promise<string> {
    const { status, workflow_id } = await this.send({ body: JSON.stringify(payload), ...sending });
    if (workflow_id === null) throw new Error(`an honest hook was answered with ${status}`);
    return workflow_id;
  }

  /** The ids of those that stand after `work` and did not before. */
  async startedBy(work: () => Promise<unknown>): Promise<ReadonlySet<string>> {
    const before = await this.workflows();
    await work();
    return (await this.workflows()).difference(before);
  }

  send(sending: Sending): Promise<Answer> {
    const { body, secret = SITE.secret, event = "issue_comment", id = randomUUID() } = sending;
    const headers = {
      "content-type": "application/json",
      "x-github-event": event,
      "x-github-delivery": id,
      "x-hub-signature-256": signatureOf(body, secret),
      ...(sending.trailing === undefined
        ? { "content-length": String(Buffer.byteLength(body)) }
        : { "transfer-encoding": "chunked" }),
      ...sending.headers,
    };
    return exchange(this.url, sending, Object.entries(headers));
  }

  /** The ids of all workflows, of whatever tenant. */
  async workflows(): Promise<ReadonlySet<string>> {
    const ids = new Set<string>();
    for (const tenant of TENANTS) {
      for (let cursor = ""; ;) {
        const path = `/api/v1/workflows?limit=100${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`;
        const answer = await fetch(`${this.url}${path}`, { headers: { "x-tenant-id": tenant } });
        if (!answer.ok) throw new Error(`the list of workflows was answered with ${answer.status}`);
        const page = (await answer.json()) as Page;
        for (const { id } of page.data) ids.add(id);
        if (page.next_cursor === null) break;
        cursor = page.next_cursor;
      }
    }
    return ids;
  }
}

type Page = { readonly data: readonly { readonly id: string }[]; readonly next_cursor: string | null };

export function signatureOf(body: string | Uint8Array, secret: string, algorithm = "sha256"): string {
  return `${algorithm}=${createHmac(algorithm, secret).update(body).digest("hex")}`;
}

/** What `trailing` adds to a body. */
export function blanks(mebibytes: number): string {
  return BLANK.repeat(mebibytes * PIECE_BYTES);
}

function exchange(
  url: string,
  { body, method = "POST", path = "/hooks/github", trailing = 0 }: Sending,
  headers: readonly (readonly [string, string | readonly string[] | null])[],
): Promise<Answer> {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const outgoing = httpRequest(url, { method, path, agent: false });
  for (const [name, value] of headers) if (value !== null) outgoing.setHeader(name, value);
  outgoing.on("response", (incoming) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("close", () => {
      resolve({
        status: incoming.statusCode ?? 0,
        workflow_id: workflowIn(Buffer.concat(chunks).toString()),
      });
      outgoing.destroy();
    });
  });
  outgoing.on("error", () => resolve({ status: 0, workflow_id: null }));
  outgoing.write(body);
  void pour(outgoing, trailing * PIECE_BYTES);
  return promise;
}

/** Ends the request after so many blanks, or when nobody takes them any more. */
async function pour(outgoing: ClientRequest, bytes: number): Promise<void> {
  const piece = Buffer.alloc(PIECE_BYTES, BLANK);
  const closed = Promise.withResolvers<void>();
  outgoing.once("close", () => closed.resolve());
  for (let sent = 0; sent < bytes && !outgoing.destroyed; sent += piece.length) {
    const written = Promise.withResolvers<void>();
    outgoing.write(piece, () => written.resolve());
    await Promise.race([written.promise, closed.promise]);
  }
  outgoing.end();
}

function workflowIn(body: string): string | null {
  if (!body.startsWith("{")) return null;
  const { workflow_id } = JSON.parse(body) as { workflow_id?: string };
  return workflow_id ?? null;
}
