import type { ChatMessage } from "../../ports/chat-model.ts";

const SAID_BY = { user: "You were asked", assistant: "You answered" } as const;

/** A Copilot session takes one prompt, so earlier messages are told in it. There are none of tools, which it takes none of. */
export function promptOf(messages: readonly ChatMessage[]): string {
  const said = messages.flatMap((message) => (message.role === "tool" ? [] : [message]));
  const last = said.at(-1)?.content ?? "";
  const earlier = said.slice(0, -1).map(({ role, content }) => `${SAID_BY[role]}:\n\n${content}`);
  return earlier.length === 0 ? last : [...earlier, `Now:\n\n${last}`].join("\n\n---\n\n");
}
