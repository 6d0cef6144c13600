import type { WebhookEndpoint } from "../config/webhooks.ts";
import type { NewMessage } from "../core/workflow/commit.ts";
import { type Notice, noticesOf } from "../core/workflow/notices.ts";
import type { MessageSource } from "../ports/outbox.ts";

/** Writes a message of each notice for each endpoint that wants it; `written` is called once some of them stand. */
export function createNoticeSource(
  endpoints: readonly WebhookEndpoint[],
  written: () => void = () => undefined,
): MessageSource {
  const wanting = endpoints.filter(({ enabled }) => enabled);
  return {
    written,
    messagesOf: (events, after) =>
      wanting.length === 0
        ? []
        : noticesOf(events, after).flatMap((notice) =>
            wanting.filter((endpoint) => wants(endpoint, notice)).map(({ name }) => messageOf(notice, name)),
          ),
  };
}

function wants({ events, tenants }: WebhookEndpoint, { type, data }: Notice): boolean {
  return (
    (events.includes("*") || events.includes(type)) && (tenants === null || tenants.includes(data.tenant_id))
  );
}

function messageOf({ type, seq, occurred_at, data }: Notice, endpoint: string): NewMessage {
  return {
    id: `msg_${data.workflow_id}_${seq}_${endpoint}`,
    workflow_id: data.workflow_id,
    endpoint,
    type,
    body: JSON.stringify({ type, timestamp: occurred_at, data }),
    created_at: occurred_at,
  };
}
