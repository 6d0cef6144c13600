import type { AcceptanceCriterion, CriterionVerdict, ReportedFinding } from "../../documents.ts";
import type { RoleOutputs } from "../../role-output.ts";
import { type NewEvent, newEvent } from "../events.ts";
import {
  documentOf,
  type FindingState,
  isTerminal,
  openFindings,
  type OpenStep,
  type WorkflowState,
} from "../state.ts";

type Verdicts = ReadonlyMap<string, CriterionVerdict>;

/**
 * Turns QA's output into verdicts, findings and their consequence: repair, failure, or on to the Finalizer.
 *
 * Verdicts lead. A finding tied to a criterion is settled when that criterion is met; one without a criterion when QA
 * names it as info, or reports every must met and does not name it again. A must that is not met and has no
 * blocking finding gets one from the core, so that nothing passes by silence.
 */
export function judgeWork(state: WorkflowState, step: OpenStep, output: RoleOutputs["qa"]): NewEvent[] {
  const place = { role: step.role, step_id: step.id, task_id: null };
  const criteria = criteriaOf(state);
  const verdicts = verdictsOf(criteria, output.criteria);
  const reports = output.findings.map((report) =>
    recognized(state, withKnownReferences(state, verdicts, report)),
  );
  const mustsMet = criteria.every(({ id, level }) => level !== "must" || verdicts.get(id)?.verdict === "met");
  const events: NewEvent[] = [...verdicts.values()].map((verdict) =>
    newEvent("criterion.judged", { ...verdict, cycle: step.cycle }, place),
  );
  const standing: Standing[] = [];
  for (const finding of openFindings(state)) {
    const report = reportOn(finding, reports);
    const resolution = resolutionOf(finding, report, { verdicts, mustsMet });
    if (resolution !== null) {
      events.push(newEvent("finding.resolved", { id: finding.id, cycle: step.cycle, resolution }, place));
      continue;
    }
    if (report) {
      events.push(newEvent("finding.updated", { ...report, id: finding.id, cycle: step.cycle }, place));
    }
    standing.push({ ...(report ?? finding), id: finding.id });
  }
  const fresh = reports.filter((report) => report.id === null);
  const unspoken = unspokenFindings(criteria, verdicts, [...standing, ...fresh]);
  const raised: { report: ReportedFinding; raised_by: "qa" | "core" }[] = [
    ...fresh.map((report) => ({ report, raised_by: "qa" as const })),
    ...unspoken.map((report) => ({ report, raised_by: "core" as const })),
  ];
  raised.forEach(({ report, raised_by }, index) => {
    const ordinal = state.findings.size + index + 1;
    const id = `f${ordinal}`;
    events.push(newEvent("finding.raised", { ...report, id, ordinal, cycle: step.cycle, raised_by }, place));
    standing.push({ ...report, id });
  });
  return [...events, ...verdictConsequence(state, step, standing)];
}

type Standing = { readonly id: string; readonly severity: string; readonly criterion: string | null };

function verdictConsequence(state: WorkflowState, step: OpenStep, standing: readonly Standing[]): NewEvent[] {
  const { status, cycle, max_qa_retries } = state.head;
  const blocking = standing.filter((finding) => finding.severity === "blocking").map((finding) => finding.id);
  if (blocking.length === 0 || isTerminal(status)) return [];
  if (cycle < max_qa_retries) return [newEvent("repair.started", { cycle: cycle + 1, findings: blocking })];
  const message = `${blocking.length} blocking finding(s) are open after ${cycle} repair cycle(s): ${blocking.join(", ")}. Read them, then resume with a higher max_qa_retries or start anew.`;
  return [
    newEvent(
      "state.transition",
      { from: status, to: "failed", reason: "repair_exhausted", message },
      { role: step.role, step_id: step.id, task_id: null },
    ),
  ];
}

function criteriaOf(state: WorkflowState): readonly AcceptanceCriterion[] {
  return documentOf(state, "constitution")?.acceptance_criteria ?? [];
}

/** One verdict for every criterion: the worst that QA gave it, unknown where it gave none. */
function verdictsOf(criteria: readonly AcceptanceCriterion[], given: readonly CriterionVerdict[]): Verdicts {
  const rank = { unmet: 0, unknown: 1, met: 2 };
  return new Map(
    criteria.map(({ id }) => {
      const [worst] = given
        .filter((verdict) => verdict.id === id)
        .toSorted((left, right) => rank[left.verdict] - rank[right.verdict]);
      return [id, worst ?? { id, verdict: "unknown", evidence: "QA gave no verdict." }];
    }),
  );
}

function withKnownReferences(
  state: WorkflowState,
  verdicts: Verdicts,
  report: ReportedFinding,
): ReportedFinding {
  const open = report.id !== null && state.findings.get(report.id)?.status === "open";
  return {
    ...report,
    id: open ? report.id : null,
    criterion: report.criterion !== null && verdicts.has(report.criterion) ? report.criterion : null,
  };
}

/** What QA says of an open finding: its worst word where it gives several. A tie to a criterion is never lost. */
function reportOn(finding: FindingState, reports: readonly ReportedFinding[]): ReportedFinding | undefined {
  const rank = { blocking: 0, warning: 1, info: 2 };
  const [worst] = reports
    .filter((report) => report.id === finding.id)
    .toSorted((left, right) => rank[left.severity] - rank[right.severity]);
  return worst && { ...worst, criterion: finding.criterion ?? worst.criterion };
}

/** A finding told again word for word without its id is the one that is open already. */
function recognized(state: WorkflowState, report: ReportedFinding): ReportedFinding {
  if (report.id !== null) return report;
  const same = openFindings(state).find(
    (finding) =>
      finding.component === report.component &&
      finding.description === report.description &&
      finding.criterion === report.criterion,
  );
  return same ? { ...report, id: same.id } : report;
}

/** How an open finding is settled by this pass, or null when it stands. */
function resolutionOf(
  finding: FindingState,
  report: ReportedFinding | undefined,
  seen: { readonly verdicts: Verdicts; readonly mustsMet: boolean },
): string | null {
  const { criterion } = report ?? finding;
  if (criterion !== null) {
    const verdict = seen.verdicts.get(criterion);
    return verdict?.verdict === "met" ? `${criterion} is met: ${verdict.evidence}` : null;
  }
  if (report) return report.severity === "info" ? report.evidence || report.description : null;
  return seen.mustsMet ? "Not raised again by a pass that found every must criterion met." : null;
}

function unspokenFindings(
  criteria: readonly AcceptanceCriterion[],
  verdicts: Verdicts,
  spoken: readonly { readonly severity: string; readonly criterion: string | null }[],
): ReportedFinding[] {
  return criteria.flatMap(({ id, text, level }) => {
    const verdict = verdicts.get(id);
    if (level !== "must" || !verdict || verdict.verdict === "met") return [];
    if (spoken.some((finding) => finding.severity === "blocking" && finding.criterion === id)) return [];
    return [
      {
        id: null,
        severity: "blocking" as const,
        component: id,
        description: `${id} is ${verdict.verdict}: ${text}`,
        recommendation: `Make ${id} hold, in a way that QA can see in the artifacts.`,
        evidence: verdict.evidence,
        criterion: id,
      },
    ];
  });
}
