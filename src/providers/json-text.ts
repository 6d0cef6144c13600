import type { ModelRequest } from "../ports/chat-model.ts";

/** The instructions for an endpoint that takes no schema: the schema becomes part of the words. */
export function instructionsWithSchema(request: ModelRequest): string {
  return [
    request.instructions,
    `Answer with one JSON value and nothing else: no words before or after it, no code fence. It must match the JSON Schema "${request.schema_name}":`,
    JSON.stringify(request.schema),
  ].join("\n\n");
}

/** Takes a JSON value out of what surrounds it: reasoning tags, a code fence, friendly words. Text without one stays as it is. */
export function jsonInText(text: string): string {
  const answer = text.replace(/^\s*<think>[\s\S]*?<\/think>/, "").trim();
  if (/^[[{]/.test(answer)) return answer;
  const fenced = /```(?:json)?\s*\n([\s\S]*?)\n?\s*```/.exec(answer)?.[1];
  if (fenced !== undefined) return fenced.trim();
  return /[[{][\s\S]*[\]}]/.exec(answer)?.[0] ?? text;
}
