import { expect, test } from "vitest";

import type { ReceiptView } from "../contract/receipt-view.ts";
import { receiptLines, receiptText } from "./receipt-lines.ts";

const receipt: ReceiptView = {
  id: "r2",
  cycle: 1,
  name: "node: test",
  stage: "test",
  criterion: null,
  toolchain: "node",
  command: "node --test",
  status: "failed",
  exit_code: 1,
  duration_ms: 410,
  output_tail: "not ok 1\n\u001b[31mtotal\u001b[0m\n",
  message: null,
  missing: null,
  blocks: true,
  sandbox: "bubblewrap",
  tree_hash: "t1",
};

test("receipts are a line each", () => {
  expect(receiptLines([receipt])).toEqual(["FAIL  r2  cycle 1  node: test  node --test  exit 1  0.4s"]);
});

test("one receipt has the end of its output, without what would move the cursor", () => {
  const text = receiptText(receipt).join("\n");
  expect(text).toMatch(/^stage +test of node$/m);
  expect(text).toMatch(/^sandbox +bubblewrap$/m);
  expect(text).toContain("Output\n  not ok 1\n   [31mtotal [0m");
  expect(receiptText({ ...receipt, output_tail: " \n" }).join("\n")).not.toContain("Output");
});
