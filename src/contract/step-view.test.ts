import { expect, test } from "vitest";

import type { WorkflowEvent } from "../core/workflow/events.ts";
import { failed, given } from "../core/workflow/testing/specification.testsuite.ts";
import { aStep } from "../storage/testsuite/a-commit.ts";
import { toStepDetail } from "./step-view.ts";

/** The journal of a Director whose first attempt ended so. */
function journal(code: string): WorkflowEvent[] {
  const { driver } = given(failed("director", code));
  return driver.events.filter(({ step_id }) => step_id === "director");
}

test.each([
  ["budget_exhausted", "given_back"],
  ["outcome_unknown", "given_back"],
  ["released", "given_back"],
  ["limited", "given_back"],
  ["provider_resting", "given_back"],
  ["overloaded", "failed"],
  ["internal", "failed"],
])("an attempt that ended as %s is %s", (code, status) => {
  const { attempts } = toStepDetail(aStep(), { events: journal(code), calls: [] });
  expect(attempts.at(-1)).toMatchObject({ status, error: { code } });
});
