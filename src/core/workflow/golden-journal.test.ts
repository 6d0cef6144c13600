import { readFile } from "node:fs/promises";

import { expect, test } from "vitest";

import { parseEvent } from "./events.ts";
import { fold } from "./evolve.ts";
import { comparable } from "./restore-state.ts";

const folder = new URL("../../../test/golden/", import.meta.url);

// Journals stay readable for ever: one is added with every release, and none is ever rewritten. The state beside it
// changes only when the state gains a field.
test.each(["first-slice"])("the journal %s still folds to the state it had", async (name) => {
  const text = await readFile(new URL(`${name}.journal.jsonl`, folder), "utf8");
  const lines = text.trimEnd().split("\n");
  const events = lines.map((line) => parseEvent(JSON.parse(line)));
  expect(events).toMatchObject(lines.map((line) => JSON.parse(line) as object));
  const state = `${JSON.stringify(comparable(fold(events)), null, 2)}\n`;
  await expect(state).toMatchFileSnapshot(new URL(`${name}.state.snap`, folder).pathname);
});
