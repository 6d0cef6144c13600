// GitHub's REST API as far as deliveries need it, with real object ids, a journal of every effect and faults; also a process
// of its own:
//   node test/github/fake-github.ts --journal effects.jsonl [--seed s] [--setup world.json] [--port 0]
// It prints one line of JSON with its origin (for `api_url`) and `web` (for `web_url`), and is told more under /_fake: see `control.ts`.
import { AsyncLocalStorage } from "node:async_hooks";
import { once } from "node:events";
import { appendFileSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";

import { Hono } from "hono";

import { addControlRoutes, type Setup, setUp } from "./control.ts";
import { answerOfFault, type Call, type Fault, type FaultPlan, seededFaults } from "./faults.ts";
import { addGitRoutes } from "./git-routes.ts";
import { type Effect, GitHubWorld, type Token } from "./github-world.ts";
import { addPullRoutes } from "./pull-routes.ts";
import { Refusal } from "./refusal.ts";
import { addPages, addRepositoryRoutes } from "./repository-routes.ts";
import type { Parts, Routes } from "./routes.ts";

/** A call and what it brought, as the journal has it. */
export type Handled = Call & {
  readonly at: number;
  /** What the caller was told, or would have been. */
  readonly status: number;
  readonly fault: Fault | null;
  readonly effects: readonly Effect[];
};

export type FakeSettings = {
  /** JSON lines, written before the answer leaves. */
  readonly journal?: string | null;
  readonly faults?: FaultPlan | null;
  readonly port?: number;
  /** Whether links lead to this server, below `web`, and not to github.com. */
  readonly pages?: boolean;
};

export type FakeGitHub = {
  readonly origin: string;
  /** What links begin with. */
  readonly web: string;
  readonly world: GitHubWorld;
  readonly calls: readonly Handled[];
  /** Effects of all calls, in their order. */
  effects(kind?: string): readonly Effect[];
  /** Null: no faults any more. */
  fail(plan: FaultPlan | null): void;
  /** Answers 503 to that many calls. */
  awayFor(calls: number): void;
  /** Called between a call's arrival and its effect. */
  before(hook: ((call: Call) => void) | null): void;
  close(): Promise<void>;
};

const SLOW_MS = 500;

export async function startFakeGitHub(settings: FakeSettings = {}): Promise<FakeGitHub> {
  const world = new GitHubWorld();
  const calls: Handled[] = [];
  let plan = settings.faults ?? null;
  let away = 0;
  let hook: ((call: Call) => void) | null = null;
  const effects = new AsyncLocalStorage<Effect[]>();
  let web = "https://github.com";
  const routes = routesOf({
    world,
    web: () => web,
    happened: (effect) => effects.getStore()?.push(effect),
  });
  addControlRoutes(routes, world, { awayFor: (count) => (away = count) });
  let numbers = 0;

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await textOf(incoming);
    const url = new URL(incoming.url ?? "/", "http://127.0.0.1");
    const isControl = url.pathname.startsWith("/_fake/") || url.pathname.startsWith("/pages/");
    if (!isControl) numbers += 1;
    const call: Call = { number: numbers, method: incoming.method ?? "GET", path: url.pathname + url.search };
    const fault = isControl ? null : faultOf(call);
    if (!isControl) hook?.(call);
    const happened: Effect[] = [];
    const answer =
      fault === "refused"
        ? null
        : await effects.run(happened, () => answerTo(call, { incoming, body, fault }));
    if (!isControl) {
      const handled = { at: Date.now(), ...call, status: answer?.status ?? 0, fault, effects: happened };
      calls.push(handled);
      if (settings.journal != null) appendFileSync(settings.journal, `${JSON.stringify(handled)}\n`);
    }
    if (answer === null) response.destroy();
    else await give(answer, response, fault);
  }

  function faultOf(call: Call): Fault | null {
    if (away === 0) return plan?.(call) ?? null;
    away -= 1;
    return "503";
  }

  async function answerTo(
    { method, path }: Call,
    { incoming, body, fault }: { incoming: IncomingMessage; body: string; fault: Fault | null },
  ): Promise<Response> {
    const faulty = fault === null ? null : answerOfFault(fault);
    if (faulty) return Response.json({ message: faulty.message }, { ...faulty });
    const headers = { authorization: incoming.headers.authorization ?? "" };
    const hasBody = method !== "GET" && method !== "HEAD";
    return routes.request(path, { method, headers, ...(hasBody && { body }) });
  }

  const server = createServer((incoming, response) => {
    handle(incoming, response).catch((error: unknown) => response.destroy(error as Error));
  });
  server.listen(settings.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  if (settings.pages === true) web = `${origin}/pages`;
  return {
    origin,
    web,
    world,
    calls,
    effects: (kind) => calls.flatMap((call) => call.effects).filter((one) => !kind || one.kind === kind),
    fail: (next) => (plan = next),
    awayFor: (count) => (away = count),
    before: (next) => (hook = next),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function routesOf(parts: Parts): Routes {
  const app: Routes = new Hono<{ Variables: { token: Token } }>();
  app.use(async (context, next) => {
    if (!/^\/(_fake|pages)\//.test(context.req.path))
      context.set("token", parts.world.tokenOf(context.req.header("authorization")));
    await next();
  });
  addRepositoryRoutes(app, parts);
  addGitRoutes(app, parts);
  addPullRoutes(app, parts);
  addPages(app, parts);
  app.notFound((context) => context.json({ message: "Not Found" }, 404));
  app.onError((error) => {
    if (!(error instanceof Refusal)) throw error;
    const { status, message, errors, headers } = error;
    return Response.json({ message, ...(errors && { errors }) }, { status, headers });
  });
  return app;
}

async function give(answer: Response, response: ServerResponse, fault: Fault | null): Promise<void> {
  if (fault === "dropped") {
    response.destroy();
    return;
  }
  if (fault === "slow") await sleep(SLOW_MS);
  const text = Buffer.from(await answer.arrayBuffer());
  const headers = { ...Object.fromEntries(answer.headers), "content-length": text.length };
  response.writeHead(answer.status, headers);
  if (fault === "torn") response.write(text.subarray(0, text.length / 2), () => response.destroy());
  else response.end(text);
}

async function textOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      journal: { type: "string" },
      seed: { type: "string" },
      setup: { type: "string" },
      port: { type: "string" },
    },
  });
  const fake = await startFakeGitHub({
    journal: values.journal ?? null,
    faults: values.seed === undefined ? null : seededFaults(values.seed),
    port: Number(values.port ?? 0),
    pages: true,
  });
  if (values.setup !== undefined) setUp(fake.world, JSON.parse(readFileSync(values.setup, "utf8")) as Setup);
  process.stdout.write(`${JSON.stringify({ origin: fake.origin, web: fake.web })}\n`);
  // Whoever started this process holds its standard input open, so that it never outlives them.
  process.stdin.resume();
  await once(process.stdin, "end");
  await fake.close();
}
