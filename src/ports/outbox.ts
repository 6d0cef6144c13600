import type { MessageStatus } from "../core/message-status.ts";
import type { NewMessage } from "../core/workflow/commit.ts";
import type { WorkflowEvent } from "../core/workflow/events.ts";
import type { WorkflowState } from "../core/workflow/state.ts";

export type Message = NewMessage & {
  readonly status: MessageStatus;
  readonly attempts: number;
  /** Milliseconds since the epoch: when it may be sent next, and once it is settled, when that was. */
  readonly due_at: number;
  /** What the last attempt brought; null before the first. */
  readonly last_result: string | null;
  readonly delivered_at: string | null;
};

/** A message in hand, with the tenant it belongs to. Its `due_at` is the end of the lease, which names this holder. */
export type ClaimedMessage = Message & { readonly tenant_id: string };

export type ClaimMessages = {
  readonly now: number;
  /** For how long nobody else is given them. */
  readonly lease_ms: number;
  readonly limit: number;
  /** Endpoints that are given nothing more for now. */
  readonly except: readonly string[];
};

export type MessageResult = Pick<Message, "status" | "attempts" | "due_at" | "last_result" | "delivered_at">;

/** Turns what happens into messages. */
export interface MessageSource {
  /** What is to be sent of these events, which lead to that state; it is written in their commit. */
  messagesOf(events: readonly WorkflowEvent[], after: WorkflowState): readonly NewMessage[];
  /** Some of them stand now. */
  written(): void;
}

/** What crosses tenants: whoever sends. */
export interface Outbox {
  /** Takes due messages, those that are due for longest first. */
  claim(query: ClaimMessages): Promise<readonly ClaimedMessage[]>;
  /** Writes what an attempt brought; nothing when somebody else has the message by now, or it was asked for again. */
  settle(message: Pick<ClaimedMessage, "tenant_id" | "id" | "due_at">, result: MessageResult): Promise<void>;
}

export type ListMessages = {
  readonly limit: number;
  readonly after: { readonly created_at: string; readonly id: string } | null;
  readonly statuses: readonly MessageStatus[] | null;
  readonly workflow_id: string | null;
};

/** The messages of one tenant. */
export interface TenantMessages {
  /** Newest first, by `created_at` then id. */
  listMessages(query: ListMessages): Promise<Message[]>;
  loadMessage(id: string): Promise<Message | null>;
  /** Makes it pending and due at `now`, with all its attempts before it; false when there is none. */
  redeliverMessage(id: string, now: number): Promise<boolean>;
}
