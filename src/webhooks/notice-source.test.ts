import { expect, test } from "vitest";

import { WebhookEndpoint } from "../config/webhooks.ts";
import type { NewMessage } from "../core/workflow/commit.ts";
import { cancelled, givenCreatedAs } from "../core/workflow/testing/specification.testsuite.ts";
import { createNoticeSource } from "./notice-source.ts";

const { driver } = givenCreatedAs({ id: "wf_1", tenant_id: "acme" }, cancelled);
const event = driver.events.find(({ type }) => type === "state.transition")!;

function endpoint(name: string, more: Partial<WebhookEndpoint> = {}): WebhookEndpoint {
  const secret = `whsec_${Buffer.alloc(24, 1).toString("base64")}`;
  return WebhookEndpoint.parse({ name, url: "https://ops.test/", secret, ...more });
}

function messagesFor(...endpoints: readonly WebhookEndpoint[]): readonly NewMessage[] {
  return createNoticeSource(endpoints).messagesOf(driver.events, driver.state);
}

test("each endpoint that wants it gets a message of its own, named after workflow, event and endpoint", () => {
  const messages = messagesFor(
    endpoint("all"),
    endpoint("these", { events: ["workflow.failed", "workflow.cancelled"], tenants: ["other", "acme"] }),
    endpoint("other-event", { events: ["workflow.completed"] }),
    endpoint("other-tenant", { tenants: ["other"] }),
    endpoint("off", { enabled: false }),
  );
  expect(messages.map(({ id }) => id)).toEqual([`msg_wf_1_${event.seq}_all`, `msg_wf_1_${event.seq}_these`]);
  expect(messages[0]).toMatchObject({
    workflow_id: "wf_1",
    endpoint: "all",
    type: "workflow.cancelled",
    created_at: event.occurred_at,
  });
  expect(JSON.parse(messages[0]!.body)).toMatchObject({
    type: "workflow.cancelled",
    timestamp: event.occurred_at,
    data: { workflow_id: "wf_1", tenant_id: "acme", status: "cancelled", url: "/api/v1/workflows/wf_1" },
  });
});

test("the same events give the same messages", () => {
  expect(messagesFor(endpoint("all"))).toEqual(messagesFor(endpoint("all")));
});

test("without an endpoint there is nothing to write, and whoever sends hears of what was written", () => {
  expect(messagesFor()).toEqual([]);
  let heard = 0;
  createNoticeSource([endpoint("all")], () => (heard += 1)).written();
  expect(heard).toBe(1);
});
