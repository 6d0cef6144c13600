import { checkOf, isMechanical } from "../../check.ts";
import { citationKey } from "../../citation.ts";
import { unsupportedClaims } from "../../claims.ts";
import type { AcceptanceCriterion, CriterionVerdict } from "../../documents.ts";
import type { RoleOutputs } from "../../role-output.ts";
import {
  byOrdinal,
  type CriterionState,
  documentOf,
  openFindings,
  type ReceiptState,
  type WorkflowState,
} from "../state.ts";
import { newestReceipts } from "./stage-findings.ts";
import { seenIn } from "./supported-words.ts";

export type DecidedVerdict = Omit<CriterionState, "cycle"> & {
  readonly level: AcceptanceCriterion["level"];
  /** Met, or a person does without it. */
  readonly satisfied: boolean;
};

type Judgement = { readonly output: RoleOutputs["qa"]; readonly resolved: readonly string[] };

export function criteriaOf(state: WorkflowState): readonly AcceptanceCriterion[] {
  return documentOf(state, "constitution")?.acceptance_criteria ?? [];
}

/** The receipt of a criterion's own check in this cycle. */
export function receiptOf(state: WorkflowState, criterion: string, cycle: number): ReceiptState | undefined {
  return byOrdinal(state.receipts.values()).findLast(
    (receipt) => receipt.criterion === criterion && receipt.cycle === cycle,
  );
}

/** One verdict for every criterion: its check's where it has one, else QA's, as far as that can be looked up. */
export function decideVerdicts(
  state: WorkflowState,
  cycle: number,
  judgement: Judgement,
): ReadonlyMap<string, DecidedVerdict> {
  return new Map(
    criteriaOf(state).map((criterion) => {
      const said = saidOf(state, { criterion, cycle }, judgement);
      const mechanical = isMechanical(checkOf(criterion));
      const receipt = mechanical ? receiptOf(state, criterion.id, cycle) : undefined;
      const verdict = mechanical ? checked(said, receipt) : said;
      const { id, level } = criterion;
      const satisfied = verdict.verdict === "met" || state.waivers.has(id);
      return [
        id,
        {
          ...verdict,
          level,
          satisfied,
          receipt: receipt?.id ?? null,
          decided_by: receipt === undefined ? ("qa" as const) : ("check" as const),
        },
      ];
    }),
  );
}

const RANK = { unmet: 0, unknown: 1, met: 2 };

type Asked = { readonly criterion: AcceptanceCriterion; readonly cycle: number };

/** The worst that QA gave it; met only with a citation that was found, unknown where it gave nothing. */
function saidOf(
  state: WorkflowState,
  { criterion, cycle }: Asked,
  { output, resolved }: Judgement,
): CriterionVerdict {
  const { id } = criterion;
  const [worst] = output.criteria
    .filter((verdict) => verdict.id === id)
    .toSorted((left, right) => RANK[left.verdict] - RANK[right.verdict]);
  if (!worst) return { id, verdict: "unknown", evidence: "QA gave no verdict.", citations: [] };
  if (worst.verdict !== "met") return worst;
  const unseen = unseenDeed(state, criterion, cycle);
  if (unseen !== null) return { ...worst, verdict: "unknown", evidence: `Called met, but ${unseen}` };
  const speakAgainst = new Set(
    openFindings(state)
      .filter((finding) => finding.criterion === id && finding.evidence_class !== "opinion")
      // Without its words a line may hold something else by now.
      .flatMap(({ citations }) => citations.filter(({ quote }) => quote !== null).map(citationKey)),
  );
  const found = worst.citations.filter((citation) => resolved.includes(citationKey(citation)));
  const isShown = found.some((citation) => {
    const receipt = state.receipts.get(citation.path);
    if (receipt) return receipt.status === "passed" && receipt.cycle === cycle;
    return !speakAgainst.has(citationKey(citation));
  });
  if (isShown) return worst;
  const why =
    worst.citations.length === 0
      ? "QA cited nothing"
      : found.length === 0
        ? "nothing stands where QA's citations point"
        : "QA cites what speaks against it: a receipt that did not pass, or the place of an open finding";
  return { ...worst, verdict: "unknown", evidence: `Called met, but ${why}: ${worst.evidence}` };
}

/** Speaks of what a text says, not of what was done. */
const SPEAKS_OF_A_TEXT =
  /\b(says?|states?|explains?|describes?|shows?|mentions?|names?|lists?|documents?|warns?|tells?|notes?)\b/i;

/** A deed that nobody saw is not seen in a text either. */
function unseenDeed(state: WorkflowState, { text }: AcceptanceCriterion, cycle: number): string | null {
  if (SPEAKS_OF_A_TEXT.test(text)) return null;
  const [claim] = unsupportedClaims(text, seenIn(state, newestReceipts(state, cycle)));
  return claim === undefined ? null : "nobody has seen it done; give it a check that is run, or waive it.";
}

function checked(said: CriterionVerdict, receipt: ReceiptState | undefined): CriterionVerdict {
  if (!receipt) return { ...said, verdict: "unknown", evidence: "Its check was not run.", citations: [] };
  const { status, id, message } = receipt;
  const verdict = status === "passed" ? "met" : status === "unavailable" ? "unknown" : "unmet";
  const shown = status === "passed" ? `Receipt ${id}: passed.` : `Receipt ${id}: ${message ?? status}`;
  return { ...said, verdict, evidence: shown };
}
