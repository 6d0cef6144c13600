import type { EscapeCorpus } from "../escape-corpus.ts";
import { environmentCases } from "./environment-cases.ts";
import { fileCases } from "./file-cases.ts";
import { networkCases } from "./network-cases.ts";
import { privilegeCases } from "./privilege-cases.ts";
import { resourceCases } from "./resource-cases.ts";
import { openWorld } from "./world.ts";

export const sandboxCorpus: EscapeCorpus = {
  name: "sandbox",
  least: 45,
  open: async () => {
    if (process.platform !== "linux") return { unavailable: "the tries are written for Linux" };
    const world = await openWorld([]);
    const health = await world.sandbox.health();
    if (!health.available) {
      await world.close();
      return { unavailable: `${health.reason} ${health.install}` };
    }
    const cases = [environmentCases, fileCases, networkCases, privilegeCases, resourceCases].flatMap((of) =>
      of(world),
    );
    return { cases, close: world.close };
  },
};
