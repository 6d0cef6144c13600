import { join } from "node:path";

import type { OpenSystem } from "../system.ts";
import { rawSystem, type RawWrite } from "./raw-workflow.ts";
import { SqliteTables } from "./sqlite-tables.ts";

type Write = (write: RawWrite) => Promise<void>;

/** A transaction a step, in the thread that runs the steps. */
export const openPlain: OpenSystem = opener((tables) => async (write) => tables.apply([write]));

/** A transaction a turn of the event loop, for all steps that ended in it. */
export const openGrouped: OpenSystem = opener((tables) => {
  let writes: RawWrite[] = [];
  let resolves: (() => void)[] = [];
  const flush = (): void => {
    const [batch, waiting] = [writes, resolves];
    [writes, resolves] = [[], []];
    tables.apply(batch);
    for (const resolve of waiting) resolve();
  };
  return (write) =>
    new Promise((resolve) => {
      writes.push(write);
      resolves.push(resolve);
      if (writes.length === 1) setImmediate(flush);
    });
});

function opener(writing: (tables: SqliteTables) => Write): OpenSystem {
  return (place, job) => {
    const tables = new SqliteTables(join(place.directory, "raw.db"));
    const store = {
      write: writing(tables),
      load: (workflow: string) => Promise.resolve(tables.load(workflow)),
      close: () => Promise.resolve(tables.close()),
    };
    return Promise.resolve(rawSystem(store, job));
  };
}
