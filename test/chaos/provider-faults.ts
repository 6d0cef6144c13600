import type { ServerResponse } from "node:http";

import { dispositionOf, type FailureCode } from "../../src/core/failure-policy.ts";
import { ROLE_NAMES, type RoleName } from "../../src/core/role-name.ts";
import { Chance } from "./chance.ts";
import type { Request } from "./referee.ts";

/** What a cut answer holds and nothing else does: wherever it shows up, a part of an answer was taken for the whole. */
export const PARTIAL = "PARTIAL-ANSWER";

/** One way in which a provider goes wrong. */
export type Fault = {
  readonly name: string;
  /** The failure that it has to be called. */
  readonly code: FailureCode;
  /** `attempt`: the call fails and the step is tried again; `answer`: the answer breaks the contract and is asked for again. */
  readonly unit: "attempt" | "answer";
  /** How often in a row it is played at most; null until the step's failure is final. */
  readonly patience: number | null;
  /** Whom it meets: those for whom it is one. */
  readonly roles: readonly RoleName[];
  readonly play: (response: ServerResponse, answer: unknown) => void;
};

type Headers = Readonly<Record<string, string>>;

const REASKED = 3;
/** What is too long is asked once more, shortened. */
const SHORTENED = 2;
const MEGABYTE = 1_048_576;

function attempt(
  name: string,
  code: FailureCode,
  play: Fault["play"],
  patience: number | null = null,
): Fault {
  return { name, code, unit: "attempt", patience, roles: ROLE_NAMES, play };
}

/** A whole answer with HTTP 200 whose content is what matters. */
function answer(name: string, content: (answer: unknown) => unknown): Fault {
  const play: Fault["play"] = (response, good) => sendJson(response, completion(content(good)));
  return { name, code: "invalid_output", unit: "answer", patience: null, roles: ROLE_NAMES, play };
}

function refused(status: number, error: unknown, headers: Headers = {}): Fault["play"] {
  return (response) => sendJson(response, { error }, { status, headers });
}

const busy = { code: "rate_limit_exceeded", message: "Slow down." };
const down = { type: "server_error", message: "Something broke." };
const inASecond = (): string => new Date(Date.now() + 1_000).toUTCString();

/** A provider that asks for no wait is retried with growing pauses, so that its patience is not tried to the end. */
const SHORT = 2;
/** More failures in a row of a provider that is not well open its circuit breaker, for a minute in the end. */
const BELOW_BREAKER = 4;

export const FAULTS: readonly Fault[] = [
  attempt("rate-seconds", "rate_limited", refused(429, busy, { "retry-after": "1" })),
  attempt("rate-date", "rate_limited", (response) =>
    sendJson(response, { error: busy }, { status: 429, headers: { "retry-after": inASecond() } }),
  ),
  attempt("rate-silent", "rate_limited", refused(429, busy), SHORT),
  attempt("credit", "credit", refused(429, { code: "insufficient_quota", message: "Nothing left." })),
  attempt("error-500", "overloaded", refused(500, down), SHORT),
  attempt("overloaded-529", "overloaded", refused(529, down, { "retry-after": "0.2" }), BELOW_BREAKER),
  attempt(
    "error-in-200",
    "overloaded",
    (response) => sendJson(response, { error: down }, { headers: { "retry-after": "0.2" } }),
    BELOW_BREAKER,
  ),
  attempt("reset", "network", (response) => {
    response.socket?.resetAndDestroy();
  }),
  attempt("cut", "network", (response, good) => sendPart(response, good, 0.3, "reset")),
  attempt("header-hang", "timeout", () => undefined),
  attempt("body-hang", "timeout", (response, good) => sendPart(response, good, 0.5, "hang")),
  attempt("trickle", "timeout", (response, good) => sendPart(response, good, 0.3, "trickle")),
  attempt("length", "truncated", (response, good) =>
    sendJson(response, completion(JSON.stringify(marked(good)), "length")),
  ),
  attempt("length-cut", "truncated", (response, good) =>
    sendJson(response, completion(JSON.stringify(marked(good)).slice(0, 200), "length")),
  ),
  attempt("huge", "truncated", (response) =>
    sendJson(response, completion(PARTIAL + "x".repeat(10 * MEGABYTE))),
  ),
  attempt("endless", "truncated", sendWithoutEnd),
  attempt("filtered", "refusal", (response) => sendJson(response, completion("", "content_filter"))),
  attempt("unknown-model", "unknown_model", refused(404, { code: "model_not_found", message: "No m1." })),
  attempt("unauthorized", "auth", refused(401, { code: "invalid_api_key", message: "Wrong key." })),
  attempt(
    "context",
    "context_overflow",
    refused(400, { code: "context_length_exceeded", message: "Too long." }),
  ),
  attempt("null-arguments", "network", (response) =>
    sendJson(response, toolCalls([{ id: "call_1", name: "write_file", arguments: null }])),
  ),
  attempt("no-choices", "network", (response) => sendJson(response, { object: "chat.completion" })),
  answer("empty", () => ""),
  answer("prose", () => "I would rather not say that in JSON."),
  answer("wrong-schema", () => JSON.stringify({ summary: 7, surprise: { nested: [true] } })),
  answer("unclosed", (good) => JSON.stringify(good).slice(0, -5)),
  answer("large", () => `{"summary":"${"x".repeat(3 * MEGABYTE)}`),
  answer("deep", () => `{"summary":${"[".repeat(100_000)}${"]".repeat(100_000)}}`),
  {
    ...answer("foreign-tools", () => null),
    // Who has tools of its own is told that it has not this one, and goes on.
    roles: ["director", "project_manager", "finalizer", "refiner"],
    play: (response) =>
      sendJson(
        response,
        toolCalls([
          { id: "call_1", name: "send_mail", arguments: '{"to":"a"}' },
          { id: "call_1", name: "send_mail", arguments: '{"to":"' },
        ]),
      ),
  },
  attempt("bad-utf8", "network", sendBadUtf8),
];

/** All faults mixed. */
export const MIXED = "mixed";
const MIXED_SHARE = 0.3;

export function faultNamed(name: string): Fault {
  const fault = FAULTS.find((one) => one.name === name);
  if (!fault) throw new Error(`there is no fault ${name}`);
  return fault;
}

/**
 * The fault to play on a request; null answers well. `played` says how often it was met before in the same place: what a
 * circuit breaker kept away does not count.
 */
export function faultFor(
  seed: string,
  name: string,
  { request, played }: { readonly request: Request; readonly played: number },
): Fault | null {
  const { workflow, step, attempt: number, call } = request;
  if (name === MIXED) {
    const chance = new Chance(seed, workflow, step, number, call, "fault");
    return chance.likely(MIXED_SHARE) ? chance.pick(FAULTS) : null;
  }
  const fault = faultNamed(name);
  const { role, depth } = faultPlan(seed, workflow, fault);
  return request.role === role && played < depth ? fault : null;
}

/** Whom of a workflow a fault meets, and how often in a row: once at least, at most until the failure is final. */
export function faultPlan(
  seed: string,
  workflow: string,
  fault: Fault,
): { readonly role: string; readonly depth: number; readonly final: boolean } {
  const chance = new Chance(seed, workflow, "fault plan");
  const role = chance.pick(fault.roles);
  const last = lastOf(fault);
  const most = Math.min(last, fault.patience ?? MOST_PLAYS);
  const depth = chance.likely(0.5) ? most : chance.between(1, most);
  return { role, depth, final: depth >= last };
}

const MOST_PLAYS = 20;

/** How often in a row the fault has to be met until it is final. */
function lastOf({ code, unit }: Fault): number {
  if (unit === "answer") return REASKED;
  if (code === "context_overflow") return SHORTENED;
  let failures = 1;
  while (dispositionOf(code, failures, failures).kind === "retry") failures += 1;
  return failures;
}

/**
 * Where plays are counted together: a step, or the whole workflow where many failures at once would open the circuit
 * breaker of the provider, for a minute in the end.
 */
export function placeOf(name: string, { workflow, step }: Request): string {
  const code = FAULTS.find((one) => one.name === name)?.code;
  return code !== undefined && UNWELL.includes(code) ? workflow : `${workflow}/${step}`;
}

const UNWELL: readonly FailureCode[] = ["overloaded", "network", "timeout"];

/** Whether the same attempt asks again after it. */
export function isAskedAgain({ code, unit }: Fault): boolean {
  return code === "context_overflow" || unit === "answer";
}

/** Whether a workflow that meets the fault to the end has to fail; anything else parks it for a person. */
export function isFatal({ code, unit }: Fault): boolean {
  return unit === "answer" || dispositionOf(code, MOST_PLAYS, MOST_PLAYS).kind === "fail";
}

export type Usage = { readonly prompt_tokens: number; readonly completion_tokens: number };

const USUAL: Usage = { prompt_tokens: 11, completion_tokens: 7 };

export function completion(content: unknown, finish_reason = "stop", usage = USUAL): unknown {
  return envelope({ role: "assistant", content }, finish_reason, usage);
}

function toolCalls(calls: readonly { id: string; name: string; arguments: string | null }[]): unknown {
  const tool_calls = calls.map(({ id, ...called }) => ({ id, type: "function", function: called }));
  return envelope({ role: "assistant", content: null, tool_calls }, "tool_calls");
}

function envelope(message: unknown, finish_reason: string, usage = USUAL): unknown {
  return {
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 0,
    model: "m1",
    choices: [{ index: 0, finish_reason, message }],
    usage: { ...usage, total_tokens: usage.prompt_tokens + usage.completion_tokens },
  };
}

export function sendJson(
  response: ServerResponse,
  body: unknown,
  { status = 200, headers = {} }: { readonly status?: number; readonly headers?: Headers } = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

/** A good answer that says of itself that it must not be used. */
function marked(good: unknown): unknown {
  return { ...(good as object), summary: PARTIAL, overall_assessment: PARTIAL };
}

function sendPart(
  response: ServerResponse,
  good: unknown,
  share: number,
  then: "reset" | "hang" | "trickle",
): void {
  const body = Buffer.from(
    JSON.stringify(completion(JSON.stringify({ note: PARTIAL, ...(good as object) }))),
  );
  const sent = Math.ceil(body.length * share);
  response.writeHead(200, { "content-type": "application/json", "content-length": body.length });
  response.write(body.subarray(0, sent), () => {
    if (then === "reset") response.socket?.resetAndDestroy();
    if (then !== "trickle") return;
    let next = sent;
    const drip = setInterval(() => response.write(body.subarray(next, (next += 1))), 1_000);
    response.once("close", () => clearInterval(drip));
  });
}

function sendWithoutEnd(response: ServerResponse): void {
  const chunk = `${PARTIAL}${"x".repeat(MEGABYTE / 4)}`;
  response.writeHead(200, { "content-type": "application/json" });
  const more = (): void => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on("drain", more);
  response.write('{"choices":[{"index":0,"message":{"role":"assistant","content":"');
  more();
}

function sendBadUtf8(response: ServerResponse, good: unknown): void {
  const text = JSON.stringify(completion(JSON.stringify({ ...(good as object), summary: `${PARTIAL} ~` })));
  const body = Buffer.from(text);
  body[body.indexOf("~")] = 0xff;
  response.writeHead(200, { "content-type": "application/json" }).end(body);
}
