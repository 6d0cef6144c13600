import { once } from "node:events";
import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";

import type { RespondRequest } from "../contract/approval-request.ts";
import type { ApprovalDetail, ApprovalView } from "../contract/approval-view.ts";
import type { DeliverRequest, DeliveryActionView, DeliveryPreviewView } from "../contract/delivery-view.ts";
import type { EventRow } from "../contract/event-row.ts";
import type { FileView } from "../contract/file-view.ts";
import type { MessageView } from "../contract/message-view.ts";
import type { Problem } from "../contract/problem.ts";
import type { ReceiptView } from "../contract/receipt-view.ts";
import type { RotatedSecretsView, SecretView } from "../contract/secret-view.ts";
import type { UsageView } from "../contract/usage-view.ts";
import type { CreateWorkflowBody, ResumeWorkflowInput } from "../contract/workflow-request.ts";
import type { WorkflowSummary } from "../contract/workflow-summary.ts";
import type { ArtifactView, WorkflowView } from "../contract/workflow-view.ts";
import { BUDGET_FLAGS } from "./budget-options.ts";
import { commandName } from "./command-name.ts";
import { CliError, type ExitReason } from "./exit-code.ts";
import { readFrames } from "./sse.ts";

const RECONNECT_DELAYS_MS = [100, 300, 1000, 2000];

export type Page<Item> = { readonly data: readonly Item[]; readonly next_cursor: string | null };
export type Health = { readonly status: string; readonly version: string; readonly instance_id: string };
export type Provider = {
  readonly name: string;
  readonly kind: string;
  readonly default_model: string | null;
};
export type Model = {
  readonly id: string;
  readonly name: string;
  readonly context_window: number | null;
};
export type ProviderHealth = {
  readonly healthy: boolean;
  readonly latency_ms: number;
  readonly message: string | null;
};
/** `of` is the id of what a person does without. */
type Waived = {
  readonly what: "criteria" | "findings";
  readonly of: string;
  readonly reason: string;
};
type Query = Readonly<Record<string, string | number | undefined>>;
type Call = {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
};

/** The server can't be reached (any more). */
export class ServerLostError extends CliError {
  constructor(url: string, cause: unknown) {
    const why = cause instanceof Error ? reasonOf(cause) : String(cause);
    super("unavailable", `no answer from the server at ${url}: ${why}`, {
      cause,
      code: "server_unreachable",
    });
  }
}

/** The one way in which the CLI talks to an engine: the REST API, of a server elsewhere or in this process. */
export class HttpClient {
  readonly url: string;

  constructor(url: string) {
    this.url = url.replace(/\/+$/, "");
  }

  health(signal?: AbortSignal): Promise<Health> {
    return this.#json("/healthz", { signal });
  }

  createWorkflow(body: CreateWorkflowBody): Promise<WorkflowView> {
    return this.#json("/api/v1/workflows", { method: "POST", body });
  }

  listWorkflows(query: Query, signal?: AbortSignal): Promise<Page<WorkflowSummary>> {
    return this.#json(`/api/v1/workflows${queryText(query)}`, { signal });
  }

  readWorkflow(id: string): Promise<WorkflowView> {
    return this.#json(pathOf(id));
  }

  pause(id: string): Promise<WorkflowView> {
    return this.#json(`${pathOf(id)}/pause`, { method: "POST", body: {} });
  }

  resume(id: string, body: ResumeWorkflowInput): Promise<WorkflowView> {
    return this.#json(`${pathOf(id)}/resume`, { method: "POST", body });
  }

  cancel(id: string): Promise<WorkflowView> {
    return this.#json(`${pathOf(id)}/cancel`, { method: "POST", body: {} });
  }

  /** The newest revision of every path. */
  listArtifacts(id: string): Promise<ArtifactView[]> {
    return this.#everyPage(`${pathOf(id)}/artifacts`);
  }

  /** The whole journal so far. */
  listEvents(id: string): Promise<EventRow[]> {
    return this.#everyPage(`${pathOf(id)}/events`);
  }

  async readArtifact(id: string, artifactId: string): Promise<string> {
    return text(await this.#ask(`${pathOf(id)}/artifacts/${encodeURIComponent(artifactId)}`, {}));
  }

  /** The files of a tree: `latest`, `best` or `cycle-<n>`. */
  listFiles(id: string, tree: string): Promise<FileView[]> {
    return this.#everyPage(`${pathOf(id)}/files`, { tree });
  }

  /** What the engine has run on the work. */
  listReceipts(id: string, query: Query = {}): Promise<ReceiptView[]> {
    return this.#everyPage(`${pathOf(id)}/receipts`, query);
  }

  readReceipt(id: string, receiptId: string): Promise<ReceiptView> {
    return this.#json(`${pathOf(id)}/receipts/${encodeURIComponent(receiptId)}`);
  }

  async diff(id: string, range: Query): Promise<string> {
    return text(await this.#ask(`${pathOf(id)}/diff${queryText(range)}`, {}));
  }

  /** The archive of a workflow, or the range of it that the headers ask for. */
  readBundle(id: string, format: string, headers: Call["headers"] = {}): Promise<IncomingMessage> {
    return this.#ask(`${pathOf(id)}/bundle${queryText({ format })}`, { headers });
  }

  waive(id: string, { what, of, reason }: Waived): Promise<WorkflowView> {
    const path = `${pathOf(id)}/${what}/${encodeURIComponent(of)}/waive`;
    return this.#json(path, { method: "POST", body: { reason } });
  }

  listApprovals(): Promise<ApprovalView[]> {
    return this.#everyPage("/api/v1/approvals");
  }

  readApproval(id: string): Promise<ApprovalDetail> {
    return this.#json(`/api/v1/approvals/${encodeURIComponent(id)}`);
  }

  respond(id: string, body: RespondRequest): Promise<WorkflowView> {
    return this.#json(`/api/v1/approvals/${encodeURIComponent(id)}/respond`, { method: "POST", body });
  }

  /** Hands the finished work over; null repeats what was asked for before. */
  deliver(id: string, body: DeliverRequest): Promise<WorkflowView> {
    return this.#json(`${pathOf(id)}/deliveries`, { method: "POST", body });
  }

  previewDelivery(id: string, body: DeliverRequest): Promise<DeliveryPreviewView> {
    return this.#json(`${pathOf(id)}/deliveries/preview`, { method: "POST", body });
  }

  skipDelivery(id: string, reason: string): Promise<WorkflowView> {
    return this.#json(`${pathOf(id)}/deliveries/skip`, { method: "POST", body: { reason } });
  }

  listDeliveryActions(): Promise<DeliveryActionView[]> {
    return this.#everyPage("/api/v1/delivery-actions");
  }

  listMessages(query: Query): Promise<Page<MessageView>> {
    return this.#json(`/api/v1/webhooks/messages${queryText(query)}`);
  }

  redeliverMessage(id: string): Promise<MessageView> {
    const path = `/api/v1/webhooks/messages/${encodeURIComponent(id)}/redeliver`;
    return this.#json(path, { method: "POST", body: {} });
  }

  setSecret(name: string, value: string): Promise<SecretView> {
    return this.#json(secretPath(name), { method: "PUT", body: { value } });
  }

  listSecrets(): Promise<SecretView[]> {
    return this.#everyPage("/api/v1/secrets");
  }

  async deleteSecret(name: string): Promise<void> {
    await text(await this.#ask(secretPath(name), { method: "DELETE" }));
  }

  rotateSecrets(): Promise<RotatedSecretsView> {
    return this.#json("/api/v1/secrets/rotate", { method: "POST", body: {} });
  }

  listProviders(): Promise<Page<Provider>> {
    return this.#json("/api/v1/providers?limit=1000");
  }

  listModels(provider: string): Promise<Model[]> {
    return this.#everyPage(`/api/v1/providers/${encodeURIComponent(provider)}/models`);
  }

  usage(query: Query): Promise<UsageView> {
    return this.#json(`/api/v1/usage${queryText(query)}`);
  }

  testProvider(name: string): Promise<ProviderHealth> {
    return this.#json(`/api/v1/providers/${encodeURIComponent(name)}/test`, { method: "POST", body: {} });
  }

  /**
   * Events with a `seq` above `after`, as they happen, until the workflow is closed. A broken connection is taken up
   * again where it broke; when the server stays away, throws a ServerLostError.
   */
  async *follow(id: string, after: number, signal: AbortSignal): AsyncGenerator<EventRow> {
    let last = after;
    let failures = 0;
    while (!signal.aborted) {
      let lost = new ServerLostError(this.url, "the stream ended");
      try {
        const answer = await this.#ask(`${pathOf(id)}/stream?after=${last}`, { signal });
        if (answer.statusCode === 204) return;
        for await (const frame of readFrames(answer)) {
          const event = JSON.parse(frame.data) as EventRow;
          last = event.seq;
          failures = 0;
          yield event;
          if (event.type === "workflow.closed") return;
        }
      } catch (error) {
        if (signal.aborted) return;
        lost = lossOf(error, this.url);
      }
      const delay = RECONNECT_DELAYS_MS[failures];
      if (delay === undefined) throw lost;
      failures += 1;
      await sleep(delay, undefined, { signal }).catch(() => undefined);
    }
  }

  async #everyPage<Item>(path: string, asked: Query = {}): Promise<Item[]> {
    const items: Item[] = [];
    let cursor: string | null = null;
    do {
      const query = queryText({ ...asked, limit: 1000, cursor: cursor ?? undefined });
      const page: Page<Item> = await this.#json(`${path}${query}`);
      items.push(...page.data);
      cursor = page.next_cursor;
    } while (cursor !== null);
    return items;
  }

  async #json<T>(path: string, call: Call = {}): Promise<T> {
    const body = await text(await this.#ask(path, call));
    try {
      return JSON.parse(body) as T;
    } catch (error) {
      throw new CliError("unavailable", `${this.url} does not answer like an orca server`, { cause: error });
    }
  }

  async #ask(path: string, call: Call): Promise<IncomingMessage> {
    let answer: IncomingMessage;
    try {
      answer = await send(new URL(`${this.url}${path}`), call);
    } catch (error) {
      throw new ServerLostError(this.url, error);
    }
    const status = answer.statusCode ?? 0;
    if (status >= 200 && status < 300) return answer;
    const body = await text(answer);
    throw refusal(status, answer.headers["content-type"]?.includes("problem+json") ? body : null, this.url);
  }
}

/**
 * One request on a connection of its own. `fetch` would open spare connections that never ask anything, and a server
 * that stops has to wait for those.
 */
async function send(
  url: URL,
  { method = "GET", body, headers: more, signal }: Call,
): Promise<IncomingMessage> {
  const open = url.protocol === "https:" ? https.request : http.request;
  const payload = body === undefined ? null : Buffer.from(JSON.stringify(body));
  const ofBody = payload && { "content-type": "application/json", "content-length": payload.length };
  const headers = { ...more, ...ofBody };
  const request = open(url, { method, agent: false, headers, ...(signal && { signal }) });
  const answered = once(request, "response") as Promise<[IncomingMessage]>;
  request.end(payload ?? undefined);
  const [answer] = await answered;
  request.on("error", (error) => answer.destroy(error));
  return answer;
}

/** A break in the middle of a stream is a loss of the server as well; a refusal is not. */
function lossOf(error: unknown, url: string): ServerLostError {
  if (error instanceof ServerLostError) return error;
  if (error instanceof CliError) throw error;
  return new ServerLostError(url, error);
}

function refusal(status: number, body: string | null, url: string): CliError {
  const problem = body === null ? null : parse(body);
  if (!problem) {
    return new CliError("unavailable", `${url} does not answer like an orca server (HTTP ${status})`);
  }
  // It still answers, but is as good as gone: whoever follows a workflow goes on elsewhere.
  if (problem.code === "shutting_down") return new ServerLostError(url, "it is going down");
  const fields = problem.errors.map(({ pointer, detail }) => `${fieldName(pointer)}: ${detail}`);
  // The general refusal only counts the fields; any other detail says more than they do.
  const general = problem.code === "invalid_request" && fields.length > 0;
  const reason = problem.code === "no_model" ? "waiting" : reasonOfStatus(status);
  // What is wrong with an edit has no place in the body, and stands beside the detail.
  const faults = problem.errors.filter(({ pointer }) => pointer === "").map(({ detail }) => detail);
  const settings = problem.code === "invalid_delivery_config" ? [settingsText(problem)] : [];
  const detail = general ? fields.join("; ") : [problem.detail, ...settings, ...faults].join(" ");
  return new CliError(reason, inWordsOfTheCli(problem.code, detail), { code: problem.code });
}

/** Flags whose names are not those of what they ask of the API. */
const FLAGS: Readonly<Record<string, string>> = {
  group_by: "--by",
  scope_id: "--scope",
  workflow_id: "--workflow",
};

/** A field of the query came from a flag; what is in a body keeps the name that it has there. */
function fieldName(pointer: string): string {
  const field = /^\/query\/([^/]+)/.exec(pointer)?.[1];
  if (field === undefined) return pointer.slice(1);
  return FLAGS[field] ?? `--${field.replaceAll("_", "-")}`;
}

/** What is wrong with which setting of a delivery. */
function settingsText({ errors }: Problem): string {
  const told = errors.map(({ pointer, detail }) => {
    const setting = pointer.replace(/^\/delivery\/config\/?/, "").replaceAll("/", ".");
    return setting === "" ? detail : `${setting}: ${detail}`;
  });
  return told.join("; ");
}

function inWordsOfTheCli(code: string, detail: string): string {
  if (code === "outcome_needed")
    return `${detail.replace(/, then resume.*/, "")}, then resume with --outcome happened or --outcome repeat.`;
  if (code === "budget_exhausted") {
    const flags = Object.values(BUDGET_FLAGS).map(({ flag }) => flag);
    return `${detail} ${flags.slice(0, -1).join(", ")} and ${flags.at(-1)} raise it.`;
  }
  if (code !== "unknown_model") return detail;
  return `${detail.replace(/ *GET \/api\S+ lists them\./, "")} ${commandName()} models lists those that there are.`;
}

function parse(body: string): Problem | null {
  try {
    const value = JSON.parse(body) as Partial<Problem>;
    if (typeof value.detail !== "string") return null;
    return { ...(value as Problem), errors: value.errors ?? [], code: value.code ?? "refused" };
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function reasonOfStatus(status: number): ExitReason {
  if (status === 404) return "not_found";
  if (status >= 400 && status < 500) return "usage";
  return status === 502 || status === 503 ? "unavailable" : "failed";
}

function pathOf(id: string): string {
  return `/api/v1/workflows/${encodeURIComponent(id)}`;
}

function secretPath(name: string): string {
  return `/api/v1/secrets/${encodeURIComponent(name)}`;
}

function queryText(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(query))
    if (value !== undefined) parameters.set(key, String(value));
  return parameters.size === 0 ? "" : `?${parameters.toString()}`;
}

function reasonOf(error: Error): string {
  return "code" in error ? String(error.code) : error.message;
}
