import type { Citation } from "../../../src/core/citation.ts";
import { type HonestCase, honestCases } from "./honest-case.ts";
import { cite, filesOf, met, withRound } from "./job.ts";
import { guideJob } from "./written-jobs.ts";

/** Places that are named a little differently than a machine would. */
export function citedCases(subject: string): readonly HonestCase[] {
  const guide = guideJob(subject);
  const { path, line, quote } = cite(filesOf(guide), "README.md", "Keep children away from hot water");
  const at = line ?? 1;
  const told: readonly (readonly [string, Citation])[] = [
    ["without a line", { path, line: null, quote }],
    ["without a quote", { path, line: at, quote: null }],
    ["two lines beside", { path, line: at - 2, quote }],
    ["with other spaces", { path, line: at, quote: " Keep  children away\tfrom hot water " }],
    ["with its heading", { path, line: at - 2, quote: "## Safety\n\nKeep children away from hot water" }],
  ];
  return honestCases("citations", [
    ...told.map(([name, citation]) => ({
      name: `cites ${name}`,
      job: withRound(guide, {
        verdicts: [met("AC1"), met("AC2"), met("AC3", [citation])],
      }),
    })),
    {
      name: "cites one place that is wrong and one that is right",
      job: withRound(guide, {
        verdicts: [
          met("AC1"),
          met("AC2"),
          met("AC3", [
            { path: "docs/safety.md", line: 1, quote },
            { path, line: at, quote },
          ]),
        ],
      }),
    },
  ]);
}
