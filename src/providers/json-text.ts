import type { ModelRequest } from "../ports/chat-model.ts";

/** The instructions for an endpoint that takes no schema: the schema becomes part of the words. */
export function instructionsWithSchema(request: ModelRequest): string {
  const answer = request.tools.length === 0 ? "Answer" : "Call tools as you need them first. Then answer";
  return [
    request.instructions,
    `${answer} with one JSON value and nothing else: no words before or after it, no code fence. It must match the JSON Schema "${request.schema_name}":`,
    JSON.stringify(request.schema),
  ].join("\n\n");
}

const FENCE = "```";

/**
 * Takes a JSON value out of what surrounds it: reasoning tags, a code fence, friendly words. Text without one stays as it
 * is. Reads the text a fixed number of times, whatever is in it: a model decides what this is given.
 */
export function jsonInText(text: string): string {
  const answer = withoutReasoning(text).trim();
  if (answer.startsWith("{") || answer.startsWith("[")) return answer;
  const fenced = inFence(answer);
  if (fenced !== null) return fenced;
  const start = answer.search(/[[{]/);
  const end = Math.max(answer.lastIndexOf("]"), answer.lastIndexOf("}"));
  return start >= 0 && end > start ? answer.slice(start, end + 1) : text;
}

function withoutReasoning(text: string): string {
  if (!text.trimStart().startsWith("<think>")) return text;
  const end = text.indexOf("</think>");
  return end < 0 ? text : text.slice(end + "</think>".length);
}

/** What stands in the first fence that is marked as JSON or not at all. */
function inFence(text: string): string | null {
  for (let open = text.indexOf(FENCE); open >= 0;) {
    const lineEnd = text.indexOf("\n", open);
    if (lineEnd < 0) return null;
    const language = text.slice(open + FENCE.length, lineEnd).trim();
    const close = text.indexOf(FENCE, lineEnd);
    if (close < 0) return null;
    if (language === "" || language === "json") return text.slice(lineEnd, close).trim();
    open = text.indexOf(FENCE, close + FENCE.length);
  }
  return null;
}
