import { expect, test } from "vitest";

import type { DeliveryView } from "../contract/delivery-view.ts";
import { deliveryAdvice, deliveryLines } from "./delivery-lines.ts";

const delivery: DeliveryView = {
  id: "d2",
  status: "pending",
  action: "webhook",
  config: {},
  requested_by: "person",
  tree_hash: null,
  attempts: 3,
  next_attempt_at: "2026-02-03T04:05:06.000Z",
  links: ["https://x.example/1", "/api/v1/workflows/w/bundle?format=zip"],
  metadata: [{ name: "status", value: "503" }],
  documents: [],
  message: "The receiver answered\n503.",
  requested_at: null,
  settled_at: null,
};

test("a delivery is told with its links, those of the server with its address", () => {
  expect(deliveryLines(delivery, "http://127.0.0.1:4700")).toEqual([
    "d2  webhook  pending, tried again at 2026-02-03T04:05:06.000Z",
    "  The receiver answered 503.",
    "  https://x.example/1",
    "  http://127.0.0.1:4700/api/v1/workflows/w/bundle?format=zip",
    "  status: 503",
  ]);
});

test("only a workflow that waits can do without its delivery", () => {
  const advice = (status: "completed" | "paused") =>
    deliveryAdvice({ id: "w", status }, (line) => line).join("\n");
  expect(advice("paused")).toContain('deliver w --skip "WHY"');
  expect(advice("completed")).not.toContain("--skip");
});
