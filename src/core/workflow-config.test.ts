import { expect, test } from "vitest";

import { WorkflowConfig } from "./workflow-config.ts";

test("what nobody sets has a sensible value", () => {
  expect(WorkflowConfig.parse({})).toMatchObject({ default_model: null, max_qa_retries: 2, max_reasks: 2 });
});

test.each([
  ["a model without its provider", { default_model: "large" }, /provider\/model/],
  ["repairs below none", { max_qa_retries: -1 }, /max_qa_retries/],
  ["more re-asks than allowed", { max_reasks: 3 }, /max_reasks/],
  ["no task at a time", { max_concurrent_tasks: 0 }, /max_concurrent_tasks/],
  ["a key nobody knows", { max_qa_retry: 1 }, /max_qa_retry/],
])("%s is refused", (_what, value, message) => {
  expect(() => WorkflowConfig.parse(value)).toThrow(message);
});
