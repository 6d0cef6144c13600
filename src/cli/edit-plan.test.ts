import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { editInEditor, planText, readPlanFile } from "./edit-plan.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "orca-plan-"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true });
});

const plan = { criteria: [{ id: "AC1" }], tasks: null };

test("a plan is read as it is written", async () => {
  const file = join(directory, "plan.json");
  await writeFile(file, planText(plan));
  expect(await readPlanFile(file)).toEqual(plan);
});

test.each([
  ["[]", /not an object/],
  ["{", /not JSON/],
  ['{"task": []}', /has task; a plan has criteria and tasks alone/],
])("the file %s is refused", async (text, message) => {
  const file = join(directory, "plan.json");
  await writeFile(file, text);
  await expect(readPlanFile(file)).rejects.toThrow(message);
});

test("a file that is not there is refused", async () => {
  await expect(readPlanFile(join(directory, "none"))).rejects.toMatchObject({ reason: "usage" });
});

test("an editor with arguments changes the plan; one that changes nothing sends nothing", async () => {
  vi.stubEnv("VISUAL", "sed -i s/AC1/AC9/");
  expect(await editInEditor(plan)).toEqual({ criteria: [{ id: "AC9" }], tasks: null });
  vi.stubEnv("VISUAL", "true");
  expect(await editInEditor(plan)).toBeNull();
  vi.stubEnv("VISUAL", "false");
  await expect(editInEditor(plan)).rejects.toThrow(/false ended with 1; nothing was sent/);
});
