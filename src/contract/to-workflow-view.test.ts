import { expect, test } from "vitest";

import { begun, failed, given } from "../core/workflow/testing/specification.testsuite.ts";
import { moment } from "../core/workflow/testing/workflow-driver.testsuite.ts";
import { toWorkflowView } from "./to-workflow-view.ts";

const director = { id: "director", kind: "role", role: "director", task_id: null, attempt: 1 };

test("a step that is tried again is queued until its time", () => {
  const { execution } = toWorkflowView(given(failed("director", "rate_limited")).driver.state);
  expect(execution).toMatchObject({ running_steps: [], active_tasks: [], current_role: "director" });
  expect(execution.queued_steps).toEqual([{ ...director, available_at: moment(1800) }]);
});

test("a step that runs is not queued", () => {
  const { execution } = toWorkflowView(given(begun("director")).driver.state);
  expect(execution).toMatchObject({ running_steps: [director], queued_steps: [] });
});
