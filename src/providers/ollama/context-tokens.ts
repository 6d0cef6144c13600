import type { ModelRequest } from "../../ports/chat-model.ts";

const SIZES = [8_192, 16_384, 32_768, 65_536, 131_072] as const;
const LARGEST = 131_072;
const ROOM_FOR_ANSWER = 4_096;
const CHARACTERS_PER_TOKEN = 3;

/**
 * The context to ask Ollama for: its default of 4096 tokens silently drops the beginning of a longer prompt. Few
 * steps, because the model is loaded anew whenever the size changes.
 */
export function contextTokens(request: ModelRequest): number {
  const characters = request.messages.reduce(
    (sum, { content }) => sum + content.length,
    request.instructions.length + JSON.stringify(request.schema).length,
  );
  const needed = characters / CHARACTERS_PER_TOKEN + ROOM_FOR_ANSWER;
  return SIZES.find((size) => size >= needed) ?? LARGEST;
}
