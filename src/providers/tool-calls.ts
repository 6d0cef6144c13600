import type { LanguageModelV4Content, LanguageModelV4FunctionTool } from "@ai-sdk/provider";

import type { ModelRequest, ToolCallRequest, ToolDefinition } from "../ports/chat-model.ts";

/** A tool in the words of the AI SDK. */
export function functionTool({ name, description, parameters }: ToolDefinition): LanguageModelV4FunctionTool {
  return { type: "function", name, description, inputSchema: parameters };
}

/**
 * The calls of an answer in order, each under an id that no other call of the conversation has: some servers number
 * them anew in every answer, or name them after the tool. A call that is told twice, word for word, is one call.
 */
export function toolCallsIn(
  content: readonly LanguageModelV4Content[],
  messages: ModelRequest["messages"],
): ToolCallRequest[] {
  const unused = unusedIds(messages.flatMap((message) => idsIn(message)));
  const told = new Set<string>();
  return content.flatMap((part) => {
    if (part.type !== "tool-call" || part.providerExecuted === true) return [];
    const call = { id: part.toolCallId, name: part.toolName, arguments: part.input };
    const words = JSON.stringify(call);
    if (told.has(words)) return [];
    told.add(words);
    return [{ ...call, id: unused(call.id) }];
  });
}

function idsIn(message: ModelRequest["messages"][number]): string[] {
  return message.role === "assistant" ? (message.tool_calls ?? []).map(({ id }) => id) : [];
}

/** Gives each id out once, and one made of it afterwards; in time that grows with the number of ids, whatever they are. */
function unusedIds(used: readonly string[]): (wanted: string) => string {
  const taken = new Set(used);
  const counts = new Map<string, number>();
  return (wanted) => {
    const base = wanted === "" ? "call" : wanted;
    let count = counts.get(base) ?? 1;
    let id = base;
    while (taken.has(id)) id = `${base}_${(count += 1)}`;
    counts.set(base, count);
    taken.add(id);
    return id;
  };
}

/** For a provider without tools: whoever offers them, or brings a conversation with them, did not look at `ModelProvider.tools`. */
export function refuseTools(provider: string, { tools, messages }: ModelRequest): void {
  const called = messages.some((message) => message.role === "tool" || idsIn(message).length > 0);
  if (tools.length === 0 && !called) return;
  throw new Error(
    `Provider "${provider}" takes no tools, but a request with tools was sent to it: look at its \`tools\` first.`,
  );
}
