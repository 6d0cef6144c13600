import { expect, test } from "vitest";

import { instructionsFrom, splitPrompt } from "./prompt-text.ts";

const text = "# A role\n\nBase.\n\n## In software mode\n\nStill base.\n\n# In software mode\n\nCode.\n";

test("only a heading of the first level with exactly the mode's words begins a section", () => {
  const { base, modes } = splitPrompt(text);
  expect(base).toBe("# A role\n\nBase.\n\n## In software mode\n\nStill base.");
  expect([...modes]).toEqual([["software", "# In software mode\n\nCode."]]);
});

test("Windows line endings cut the same way", () => {
  expect(instructionsFrom(text.replaceAll("\n", "\r\n"), "software")).toBe(text.trim());
});

test("a text without the mode gives its base", () => {
  expect(instructionsFrom(text, "ops")).toBe(splitPrompt(text).base);
  expect(instructionsFrom("Only a base.", "ops")).toBe("Only a base.");
});

test("the first section of a mode counts", () => {
  expect(instructionsFrom(`${text}\n# In software mode\n\nOther.\n`, "software")).toBe(text.trim());
});
