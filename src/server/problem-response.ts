import { HTTPException } from "hono/http-exception";

import { type Problem, PROBLEM_MEDIA_TYPE } from "../contract/problem.ts";
import { OrcaError } from "../core/orca-error.ts";
import { ModelError } from "../ports/chat-model.ts";
import { StorageError } from "../ports/storage.ts";
import { HttpError } from "./http-error.ts";
import { PROBLEMS, type ProblemCode } from "./problems.ts";
import type { Context } from "./server-env.ts";

type Refusal = {
  readonly code: ProblemCode;
  readonly detail: string;
  readonly errors: Problem["errors"];
  readonly headers: Readonly<Record<string, string>>;
};

/** What the framework itself refuses. */
const CODE_OF_STATUS: Readonly<Record<number, ProblemCode>> = {
  400: "malformed_request",
  413: "request_too_large",
  415: "unsupported_media_type",
};

/** Answers with the problem that an error stands for. What is not for the caller goes to the log alone. */
export function answerProblem(c: Context, error: Error): Response {
  const refusal = refusalOf(error);
  const { status, retry_after_s } = PROBLEMS[refusal.code];
  if (status >= 500) {
    const cause = refusal.code === "internal" ? { error } : { error: error.message, code: refusal.code };
    // A server that goes down is no fault: whoever asks is told to ask again.
    const level = refusal.code === "shutting_down" ? "info" : "error";
    c.get("log")[level]({ method: c.req.method, path: c.req.path, ...cause }, "request failed");
  }
  const headers = {
    "content-type": PROBLEM_MEDIA_TYPE,
    ...(retry_after_s === null ? {} : { "retry-after": String(retry_after_s) }),
    ...refusal.headers,
  };
  return c.body(JSON.stringify(problemOf(refusal, c.req.path, c.get("request_id"))), status, headers);
}

export function problemOf(
  refusal: Pick<Refusal, "code" | "detail" | "errors">,
  path: string,
  requestId: string,
): Problem {
  const { status, title, retry_after_s } = PROBLEMS[refusal.code];
  return {
    type: `/problems/${refusal.code}`,
    title,
    status,
    detail: refusal.detail,
    instance: path,
    code: refusal.code,
    request_id: requestId,
    errors: refusal.errors,
    retryable: retry_after_s !== null,
  };
}

function refusalOf(error: Error): Refusal {
  const plain = { errors: [], headers: {} };
  if (error instanceof OrcaError) {
    return { code: error.code, detail: error.message, errors: [...error.details], headers: {} };
  }
  if (error instanceof HttpError) {
    return { code: error.code, detail: error.message, errors: [...error.details], headers: error.headers };
  }
  if (error instanceof StorageError)
    return { ...plain, code: error.code, detail: PROBLEMS[error.code].advice };
  if (error instanceof ModelError) return { ...plain, code: "provider_unreachable", detail: error.message };
  const code = error instanceof HTTPException ? (CODE_OF_STATUS[error.status] ?? "internal") : "internal";
  return { ...plain, code, detail: PROBLEMS[code].advice };
}
