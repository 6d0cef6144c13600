import type { LanguageModelV4Prompt, LanguageModelV4ToolResultPart } from "@ai-sdk/provider";

import type { ChatMessage, ToolCallAnswer, ToolCallRequest } from "../ports/chat-model.ts";

type PromptMessage = LanguageModelV4Prompt[number];

type PromptParts = {
  readonly instructions: string;
  readonly messages: readonly ChatMessage[];
  /** Whether the wire format, or the package for it, marks a failed tool call; where not, the answer says it in JSON. */
  readonly marksErrors: boolean;
};

/** The conversation as the AI SDK takes it. */
export function promptOf({ instructions, messages, marksErrors }: PromptParts): LanguageModelV4Prompt {
  const told = messages.map((message) => messageOf(message, marksErrors));
  return [{ role: "system", content: instructions }, ...told];
}

function messageOf(message: ChatMessage, marksErrors: boolean): PromptMessage {
  if (message.role === "tool") {
    return { role: "tool", content: message.answers.map((answer) => resultPart(answer, marksErrors)) };
  }
  const text = { type: "text" as const, text: message.content };
  if (message.role === "user") return { role: "user", content: [text] };
  const calls = (message.tool_calls ?? []).map(callPart);
  // Anthropic refuses a block without words.
  const silent = calls.length > 0 && message.content.trim() === "";
  return { role: "assistant", content: silent ? calls : [text, ...calls] };
}

function callPart({ id, name, arguments: text }: ToolCallRequest) {
  return {
    type: "tool-call" as const,
    toolCallId: id,
    toolName: speakableName(name),
    input: inputOf(text),
  };
}

function resultPart(answer: ToolCallAnswer, marksErrors: boolean): LanguageModelV4ToolResultPart {
  const { id, name, content, is_error } = answer;
  const output = is_error ? errorOutput(content, marksErrors) : { type: "text" as const, value: content };
  return { type: "tool-result", toolCallId: id, toolName: speakableName(name), output };
}

function errorOutput(content: string, marksErrors: boolean): LanguageModelV4ToolResultPart["output"] {
  return marksErrors
    ? { type: "error-text", value: content }
    : { type: "error-json", value: { error: content } };
}

// A model may call what nobody offered, by names that its own vendor then refuses to read back.
function speakableName(name: string): string {
  return name.replaceAll(/[^\w-]/g, "_").slice(0, 64) || "_";
}

/** Anthropic and Ollama take nothing but an object back; what was wrong with another stands in the answer to the call. */
function inputOf(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
  } catch {
    return {}; // not JSON: the model is told so by the answer
  }
}
