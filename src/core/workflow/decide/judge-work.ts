import type { RoleOutputs } from "../../role-output.ts";
import { type NewEvent, newEvent } from "../events.ts";
import { isTerminal, type OpenStep, type WorkflowState } from "../state.ts";
import { settleFindings, type Standing } from "./settle-findings.ts";
import { stageReceipts } from "./stage-findings.ts";
import { type DecidedVerdict, decideVerdicts } from "./verdicts.ts";

/** What QA said, and which of its citations were found where it says. */
export type Judgement = { readonly output: RoleOutputs["qa"]; readonly resolved: readonly string[] };

/**
 * Turns QA's output into verdicts, findings and their consequence: repair, failure, or on to the Finalizer.
 *
 * What the engine ran decides where a criterion has a check; QA's word counts where it can be looked up. A must that is
 * not met and has no blocking finding gets one from the core, so that nothing passes by silence.
 */
export function judgeWork(state: WorkflowState, step: OpenStep, judgement: Judgement): NewEvent[] {
  const place = { role: step.role, step_id: step.id, task_id: null };
  const verdicts = decideVerdicts(state, step.cycle, judgement);
  const events: NewEvent[] = [...verdicts.values()].map(
    ({ satisfied: _satisfied, level: _level, ...verdict }) =>
      newEvent("criterion.judged", { ...verdict, cycle: step.cycle }, place),
  );
  const { findings, standing } = settleFindings(state, step, { judgement, verdicts });
  events.push(...findings);
  const { judged, stalled } = judgedCycle(state, step, { verdicts, standing });
  events.push(judged);
  return [...events, ...verdictConsequence(state, step, { standing, stalled })];
}

type Outcome = {
  readonly verdicts: ReadonlyMap<string, DecidedVerdict>;
  readonly standing: readonly Standing[];
};

function judgedCycle(state: WorkflowState, step: OpenStep, { verdicts, standing }: Outcome) {
  const { progress, tree_hash: tree } = state.head;
  const tree_hash = tree ?? "";
  const musts = [...verdicts.values()].filter(({ level }) => level === "must");
  const open_musts = musts.filter(({ satisfied }) => !satisfied).length;
  const open = standing.flatMap(({ id, severity }) => (severity === "blocking" ? [id] : [])).toSorted();
  const blocking = open.length;
  const isRepeated =
    (tree !== null && progress.trees.includes(tree)) ||
    (step.cycle > 0 && String(open) === String(progress.open));
  const isBest = progress.best === null || !isWorse({ open_musts, blocking }, progress.best);
  const isBetter = progress.best === null || isWorse(progress.best, { open_musts, blocking });
  const stagnant = isRepeated ? progress.stagnant + 1 : 0;
  const judged = newEvent(
    "cycle.judged",
    {
      cycle: step.cycle,
      tree_hash,
      artifacts: state.artifacts.size,
      open_musts,
      blocking,
      open,
      progress: !isRepeated,
      stagnant,
      best: isBest,
      verdict: workVerdict(state, { verdicts, open_musts, blocking }),
    },
    { role: step.role, step_id: step.id, task_id: null },
  );
  return {
    judged,
    stalled: stagnant >= state.settings.stall_patience ? "repeats" : isBetter ? null : "no better",
  } as const;
}

type Score = { readonly open_musts: number; readonly blocking: number };

function isWorse(one: Score, other: Score): boolean {
  return one.open_musts === other.open_musts
    ? one.blocking > other.blocking
    : one.open_musts > other.open_musts;
}

function workVerdict(
  state: WorkflowState,
  { verdicts, open_musts, blocking }: Pick<Outcome, "verdicts"> & Score,
): "verified" | "waived" | "unverified" | "rejected" {
  if (open_musts > 0 || blocking > 0) return "rejected";
  const { cycle } = state.head;
  if (stageReceipts(state, cycle).some(({ status, blocks }) => status === "unavailable" && blocks))
    return "unverified";
  const isWaived =
    [...verdicts.values()].some(({ id, level }) => level === "must" && state.waivers.has(id)) ||
    [...state.findings.values()].some(
      ({ status, severity }) => status === "waived" && severity === "blocking",
    );
  return isWaived ? "waived" : "verified";
}

function verdictConsequence(
  state: WorkflowState,
  step: OpenStep,
  { standing, stalled }: { readonly standing: readonly Standing[]; readonly stalled: string | null },
): NewEvent[] {
  const { status, cycle, max_qa_retries } = state.head;
  const blocking = standing.filter(({ severity }) => severity === "blocking").map(({ id }) => id);
  if (blocking.length === 0 || isTerminal(status)) return [];
  const isLast = cycle >= max_qa_retries;
  if (!isLast && stalled !== "repeats")
    return [newEvent("repair.started", { cycle: cycle + 1, findings: blocking })];
  const open = `${blocking.length} blocking finding(s) are open after ${cycle} repair cycle(s): ${blocking.join(", ")}.`;
  const isStalled = cycle > 0 && stalled !== null;
  const message = isStalled
    ? `${open} The repair makes no progress. The best tree is kept; read the findings, then resume with a higher max_qa_retries, waive what you can do without, or start anew.`
    : `${open} Read them, then resume with a higher max_qa_retries or start anew.`;
  const reason = isStalled ? "stalled" : "repair_exhausted";
  return [
    newEvent(
      "state.transition",
      { from: status, to: "failed", reason, message },
      { role: step.role, step_id: step.id, task_id: null },
    ),
  ];
}
