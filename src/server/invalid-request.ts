import type { z } from "@hono/zod-openapi";

import { firstFew } from "../core/first-few.ts";
import { pointerTo } from "../core/json-pointer.ts";
import { OrcaError } from "../core/orca-error.ts";

const PREFIXES: Readonly<Record<string, string>> = {
  json: "",
  query: "/query",
  header: "/headers",
  param: "/path",
};
const SHOWN = 3;

type Detail = { readonly pointer: string; readonly detail: string };

/** The refusal of a request that breaks its schema; `target` is the part of the request that was read. */
export function invalidRequest(target: string, error: z.ZodError): OrcaError {
  return invalidFields(error.issues.flatMap((issue) => detailsOf(PREFIXES[target] ?? "", issue)));
}

export function invalidFields(details: readonly Detail[]): OrcaError {
  const names = details.map(({ pointer }) => pointer || "the body itself");
  return new OrcaError("invalid_request", `The request is invalid at ${firstFew(names, SHOWN)}.`, details);
}

function detailsOf(prefix: string, issue: z.core.$ZodIssue): Detail[] {
  const at = prefix + pointerTo(issue.path);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ pointer: at + pointerTo([key]), detail: "unknown field" }));
  }
  return [{ pointer: at, detail: issue.message.charAt(0).toLowerCase() + issue.message.slice(1) }];
}
