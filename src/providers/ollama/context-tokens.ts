import type { ChatMessage, ModelRequest } from "../../ports/chat-model.ts";

const SIZES = [8_192, 16_384, 32_768, 65_536, 131_072] as const;
const LARGEST = 131_072;
const ROOM_FOR_ANSWER = 4_096;
const CHARACTERS_PER_TOKEN = 3;

/**
 * The context to ask Ollama for: its default of 4096 tokens silently drops the beginning of a longer prompt. Few
 * steps, because the model is loaded anew whenever the size changes.
 */
export function contextTokens({ instructions, schema, tools, messages }: ModelRequest): number {
  const offered = tools.length === 0 ? 0 : JSON.stringify(tools).length;
  const told = instructions.length + JSON.stringify(schema).length + offered;
  const characters = messages.reduce((sum, message) => sum + charactersOf(message), told);
  const needed = characters / CHARACTERS_PER_TOKEN + ROOM_FOR_ANSWER;
  return SIZES.find((size) => size >= needed) ?? LARGEST;
}

function charactersOf(message: ChatMessage): number {
  if (message.role === "tool") return message.answers.reduce((sum, { content }) => sum + content.length, 0);
  const calls = message.role === "assistant" ? (message.tool_calls ?? []) : [];
  return calls.reduce((sum, call) => sum + call.name.length + call.arguments.length, message.content.length);
}
