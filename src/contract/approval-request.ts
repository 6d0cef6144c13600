import { z } from "@hono/zod-openapi";

import { CommandCheck, FileCheck, HttpCheck, RubricCheck } from "../core/check.ts";
import { AcceptanceCriterion, PlannedTask } from "../core/documents.ts";
import { APPROVAL_VERBS } from "../core/workflow/state.ts";

const LONGEST_TEXT = 20_000;

/** A person's edit is taken at its word: a field that is misspelt or left out is refused instead of guessed. */
const EditedCriterion = z
  .strictObject({
    ...AcceptanceCriterion.shape,
    check: z.discriminatedUnion("kind", [
      CommandCheck.strict(),
      FileCheck.strict(),
      HttpCheck.strict(),
      RubricCheck.strict(),
    ]),
  })
  .openapi("EditedCriterion");

const EditedTask = z.strictObject(PlannedTask.shape).openapi("EditedTask");

export const RespondBody = z
  .strictObject({
    verb: z
      .enum(APPROVAL_VERBS)
      .describe(
        "approve: go on. edit: go on with the criteria and tasks given here. request_changes: do it again; it is shown anew. reject: end the workflow.",
      ),
    shown: z
      .string()
      .min(1)
      .max(128)
      .describe("The hash that came with what was shown: an answer to anything else is refused."),
    note: z.string().max(LONGEST_TEXT).nullish().describe("Reaches the roles that work after it."),
    criteria: z
      .array(EditedCriterion)
      .min(1)
      .max(200)
      .nullish()
      .describe("With edit: all acceptance criteria as they should be; null leaves them."),
    tasks: z
      .array(EditedTask)
      .min(1)
      .max(500)
      .nullish()
      .describe("With edit: all tasks as they should be; null leaves them."),
  })
  .check(({ value: { verb, note, criteria, tasks }, issues }) => {
    if (verb === "request_changes" && (note ?? "").trim() === "")
      issues.push({ code: "custom", input: note, path: ["note"], message: "say what is to be changed" });
    if (verb === "edit") return;
    for (const [name, input] of Object.entries({ criteria, tasks })) {
      if (input != null)
        issues.push({ code: "custom", input, path: [name], message: "goes with the verb edit alone" });
    }
  })
  .openapi("Respond");
export type RespondBody = z.infer<typeof RespondBody>;
/** As a client writes it. */
export type RespondRequest = z.input<typeof RespondBody>;

export const WaiveBody = z
  .strictObject({
    reason: z
      .string()
      .trim()
      .min(1, "say why it may be missing; the reason is empty")
      .max(LONGEST_TEXT)
      .describe("Why it may be missing; it stays with the workflow."),
  })
  .openapi("Waive");
export type WaiveBody = z.infer<typeof WaiveBody>;
