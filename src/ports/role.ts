import type { Mode, RoleName } from "../core/role-name.ts";
import type { HandoffPacket } from "../core/workflow/packet.ts";
import type { JsonSchema } from "./chat-model.ts";

/** The prompt of a role as one text: a base, then one section a mode. Addressed by the SHA-256 of `text`. */
export type RolePrompt = { readonly role: RoleName; readonly hash: string; readonly text: string };

/** One role: how it is instructed, what it is shown, and the schema of the one thing it may say. */
export interface Role {
  readonly name: RoleName;
  /** The prompt as shipped; a workflow keeps the one it started with. */
  readonly prompt: RolePrompt;
  /** Instructions for one invocation, cut from a stored prompt text. */
  instructions(promptText: string, mode: Mode | null): string;
  /** The user message: everything of the packet that this role needs, rendered as text. */
  render(packet: HandoffPacket): string;
  /** Strict JSON Schema of the output, with references narrowed to the packet's choices. */
  schema(packet: HandoffPacket): JsonSchema;
}
