import { platformRefusal } from "../../../src/files/open-directory.ts";
import type { EscapeCorpus } from "../escape-corpus.ts";
import { leftBehindCases } from "./left-behind-cases.ts";
import { nameCases } from "./name-cases.ts";
import { raceCases } from "./race-cases.ts";

/** Ways out of a workspace and of a directory for deliveries, by files alone. */
export const filesCorpus: EscapeCorpus = {
  name: "files",
  least: 110,
  open: async () => {
    const refusal = platformRefusal();
    if (refusal !== null) return { unavailable: refusal };
    return { cases: [...nameCases, ...leftBehindCases, ...raceCases], close: async () => {} };
  },
};
