import { checkOf, isMechanical } from "../../check.ts";
import { citationKey } from "../../citation.ts";
import type { AcceptanceCriterion, CriterionVerdict } from "../../documents.ts";
import type { RoleOutputs } from "../../role-output.ts";
import {
  byOrdinal,
  type CriterionState,
  documentOf,
  type ReceiptState,
  type WorkflowState,
} from "../state.ts";

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
      const said = saidOf(criterion.id, judgement);
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

/** The worst that QA gave it; met only with a citation that was found, unknown where it gave nothing. */
function saidOf(id: string, { output, resolved }: Judgement): CriterionVerdict {
  const [worst] = output.criteria
    .filter((verdict) => verdict.id === id)
    .toSorted((left, right) => RANK[left.verdict] - RANK[right.verdict]);
  if (!worst) return { id, verdict: "unknown", evidence: "QA gave no verdict.", citations: [] };
  const isShown = worst.citations.some((citation) => resolved.includes(citationKey(citation)));
  if (worst.verdict !== "met" || isShown) return worst;
  const why = worst.citations.length === 0 ? "QA cited nothing" : "nothing stands where QA's citations point";
  return { ...worst, verdict: "unknown", evidence: `Called met, but ${why}: ${worst.evidence}` };
}

function checked(said: CriterionVerdict, receipt: ReceiptState | undefined): CriterionVerdict {
  if (!receipt) return { ...said, verdict: "unknown", evidence: "Its check was not run.", citations: [] };
  const { status, id, message } = receipt;
  const verdict = status === "passed" ? "met" : status === "unavailable" ? "unknown" : "unmet";
  const shown = status === "passed" ? `Receipt ${id}: passed.` : `Receipt ${id}: ${message ?? status}`;
  return { ...said, verdict, evidence: shown };
}
