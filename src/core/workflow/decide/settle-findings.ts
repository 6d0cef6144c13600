import { citationKey } from "../../citation.ts";
import type { ReportedFinding } from "../../documents.ts";
import { fingerprintOf } from "../../fingerprint.ts";
import type { RoleOutputs } from "../../role-output.ts";
import { type NewEvent, newEvent } from "../events.ts";
import {
  byOrdinal,
  type EvidenceClass,
  type FindingState,
  openFindings,
  type OpenStep,
  type ReceiptState,
  type WorkflowState,
} from "../state.ts";
import { evidenceOf, newestReceipts, stageFindings, stageReceipts } from "./stage-findings.ts";
import { criteriaOf, type DecidedVerdict, receiptOf } from "./verdicts.ts";

export type Standing = { readonly id: string; readonly severity: string; readonly criterion: string | null };

type Judged = {
  readonly judgement: { readonly output: RoleOutputs["qa"]; readonly resolved: readonly string[] };
  readonly verdicts: ReadonlyMap<string, DecidedVerdict>;
};

/** A finding as it is known now, whoever tells of it. */
type Report = {
  readonly report: ReportedFinding;
  readonly raised_by: FindingState["raised_by"];
  readonly evidence_class: EvidenceClass;
  readonly receipt: string | null;
  /** Shown in this pass, not only in an earlier one. */
  readonly isShown: boolean;
};

/**
 * The ledger after this judgement. What the engine raised is settled by a passed receipt; what a person asked for when QA
 * shows that it is done; a finding tied to a criterion when that is satisfied, unless it is shown again; any other when QA
 * names it as info, or sees every must met in another tree and does not name it again.
 */
export function settleFindings(
  state: WorkflowState,
  step: OpenStep,
  judged: Judged,
): { readonly findings: NewEvent[]; readonly standing: readonly Standing[] } {
  const place = { role: step.role, step_id: step.id, task_id: null };
  const ledger = new Ledger(state, step.cycle, place);
  const reports = [...reportsOfQa(state, step.cycle, judged), ...reportsOfStages(state, step.cycle)].filter(
    (report) => !isWaived(state, report),
  );
  const mustsMet = [...judged.verdicts.values()].every(
    ({ level, satisfied }) => level !== "must" || satisfied,
  );
  const told = reports.map((one) => ({ one, known: knownAs(state, one) }));
  const wordOn = (id: string) => worstOf(told.flatMap(({ one, known }) => (known === id ? [one] : [])));
  for (const finding of openFindings(state)) {
    const again = wordOn(finding.id);
    const resolution = resolutionOf(state, finding, { ...judged, cycle: step.cycle, mustsMet, again });
    if (resolution !== null) ledger.resolve(finding, resolution);
    // What a person asked for stands in the person's words, and as grave.
    else ledger.keep(finding, finding.raised_by === "person" ? undefined : again);
  }
  const fresh = Map.groupBy(
    told.filter(({ known }) => known === null).map(({ one }) => one),
    identityOf,
  );
  for (const same of fresh.values()) ledger.raise(worstOf(same));
  for (const id of new Set(told.map(({ known }) => known ?? ""))) {
    const settled = state.findings.get(id);
    const again = wordOn(id);
    if (settled?.status === "resolved" && again && again.report.severity !== "info")
      ledger.keep(settled, again);
  }
  const left = { verdicts: judged.verdicts, standing: ledger.standing };
  for (const one of unspoken(state, step.cycle, left)) {
    const settled = settledBefore(state, one);
    if (settled) ledger.keep(settled, one);
    else ledger.raise(one);
  }
  return { findings: ledger.events, standing: ledger.standing };
}

type Place = { readonly role: OpenStep["role"]; readonly step_id: string; readonly task_id: null };

class Ledger {
  readonly events: NewEvent[] = [];
  readonly standing: Standing[] = [];
  readonly #cycle: number;
  readonly #place: Place;
  #count: number;

  constructor(state: WorkflowState, cycle: number, place: Place) {
    this.#cycle = cycle;
    this.#place = place;
    this.#count = state.findings.size;
  }

  resolve({ id }: FindingState, resolution: string): void {
    this.events.push(newEvent("finding.resolved", { id, cycle: this.#cycle, resolution }, this.#place));
  }

  keep(finding: FindingState, again: Report | undefined): void {
    const { id } = finding;
    if (!again) {
      this.standing.push(finding);
      return;
    }
    const { report, evidence_class, receipt } = again;
    const criterion = finding.criterion ?? report.criterion; // a tie to a criterion is never lost
    const said = { ...report, criterion, id, cycle: this.#cycle, evidence_class, receipt };
    this.events.push(newEvent("finding.updated", said, this.#place));
    this.standing.push({ id, severity: report.severity, criterion });
  }

  raise(told: Report | undefined): void {
    if (!told) return;
    const { report, isShown: _isShown, ...known } = told;
    this.#count += 1;
    const ordinal = this.#count;
    const id = `f${ordinal}`;
    const fingerprint = fingerprintOf(report.description);
    const raised = { ...report, ...known, id, ordinal, cycle: this.#cycle, fingerprint };
    this.events.push(newEvent("finding.raised", raised, this.#place));
    this.standing.push({ ...report, id });
  }
}

/** What QA reports; what it can't show is an opinion, and blocks nothing. */
function reportsOfQa(state: WorkflowState, cycle: number, { judgement, verdicts }: Judged): Report[] {
  const { output, resolved } = judgement;
  const failed = new Map(
    newestReceipts(state, cycle).flatMap((one) => (isFailed(one) ? [[one.id, one]] : [])),
  );
  return output.findings.flatMap((given): Report[] => {
    const criterion = given.criterion !== null && verdicts.has(given.criterion) ? given.criterion : null;
    const receipt = given.citations.map(({ path }) => failed.get(path)?.id).find((id) => id !== undefined);
    const isCited = given.citations.some((citation) => resolved.includes(citationKey(citation)));
    const shown = receipt === undefined ? (isCited ? "cited" : "opinion") : "reproduced";
    const report = ofItsOwn(state, { ...given, criterion }, shown);
    if (report === null) return [];
    const before = openFinding(state, report);
    // What was shown once need not be shown again to stand.
    const evidence_class = shown === "opinion" ? (before?.evidence_class ?? shown) : shown;
    const severity =
      shown === "opinion" && before && stillStands(before, resolved)
        ? before.severity
        : severityOf(state, { report, evidence_class, verdicts });
    const known = { evidence_class, receipt: receipt ?? before?.receipt ?? null };
    return [{ report: { ...report, severity }, raised_by: "qa", ...known, isShown: shown !== "opinion" }];
  });
}

/** What the engine raised only the engine settles: QA's word on it counts where it shows something, as a finding of its own. */
function ofItsOwn(
  state: WorkflowState,
  report: ReportedFinding,
  shown: EvidenceClass,
): ReportedFinding | null {
  if (state.findings.get(report.id ?? "")?.raised_by !== "engine") return report;
  return shown === "opinion" || report.severity === "info" ? null : { ...report, id: null };
}

function severityOf(
  state: WorkflowState,
  told: Pick<Report, "report" | "evidence_class"> & Pick<Judged, "verdicts">,
): ReportedFinding["severity"] {
  const { severity, criterion } = told.report;
  if (severity !== "blocking") return severity;
  if (criterion !== null && state.waivers.has(criterion)) return "warning";
  const verdict = criterion === null ? undefined : told.verdicts.get(criterion);
  const isUnmetMust = verdict?.level === "must" && !verdict.satisfied;
  return told.evidence_class !== "opinion" || isUnmetMust ? "blocking" : "warning";
}

function openFinding(state: WorkflowState, report: ReportedFinding): FindingState | undefined {
  const known = knownAs(state, { report, raised_by: "qa" });
  const finding = known === null ? undefined : state.findings.get(known);
  return finding?.status === "open" ? finding : undefined;
}

function isFailed({ status }: ReceiptState): boolean {
  return status === "failed" || status === "timed_out";
}

function reportsOfStages(state: WorkflowState, cycle: number): Report[] {
  return stageFindings(state, cycle).map(({ report, receipt }) => ({
    report,
    raised_by: "engine",
    evidence_class: "reproduced",
    receipt: receipt.id,
    isShown: true,
  }));
}

type Told = Pick<Report, "report" | "raised_by">;

/** The finding that this is about: by its id, else by criterion, component and what it says in any wording. */
function knownAs(state: WorkflowState, told: Told): string | null {
  const { id } = told.report;
  if (id !== null && state.findings.get(id)?.status === "open") return id;
  const same = sameAs(state, told).filter(({ status }) => status !== "waived");
  return (same.find((finding) => finding.status === "open") ?? same.at(-1))?.id ?? null;
}

/** A person does without a finding for good, whoever tells of it again. */
function isWaived(state: WorkflowState, told: Told): boolean {
  const { id } = told.report;
  if (id !== null && state.findings.get(id)?.status === "waived") return true;
  return knownAs(state, told) === null && sameAs(state, told).length > 0;
}

function sameAs(state: WorkflowState, { report, raised_by }: Told): FindingState[] {
  const print = fingerprintOf(report.description);
  return byOrdinal(state.findings.values()).filter(
    (finding) =>
      finding.component === report.component &&
      (finding.criterion === report.criterion || report.criterion === null) &&
      (raised_by === "engine") === (finding.raised_by === "engine") &&
      ((print !== "" && finding.fingerprint === print) || finding.description === report.description),
  );
}

function identityOf({ report, raised_by }: Report): string {
  const { criterion, component, description } = report;
  const about = fingerprintOf(description) || description;
  return JSON.stringify([raised_by === "engine", criterion, component, about]);
}

/** The finding that the core itself has raised on this must, and that was settled since. */
function settledBefore(state: WorkflowState, { report }: Report): FindingState | undefined {
  return byOrdinal(state.findings.values()).findLast(
    ({ raised_by, status, criterion }) =>
      raised_by === "core" && status === "resolved" && criterion === report.criterion,
  );
}

const RANK = { blocking: 0, warning: 1, info: 2 };

/** The gravest, and of equals the one that is shown. */
function worstOf(reports: readonly Report[]): Report | undefined {
  return reports.toSorted(
    (left, right) =>
      RANK[left.report.severity] - RANK[right.report.severity] ||
      Number(right.isShown) - Number(left.isShown),
  )[0];
}

type Word = Judged & {
  readonly cycle: number;
  readonly again: Report | undefined;
  readonly mustsMet: boolean;
};

/** How an open finding is settled by this pass, or null when it stands. */
function resolutionOf(state: WorkflowState, finding: FindingState, word: Word): string | null {
  const { again, verdicts, mustsMet } = word;
  if (finding.raised_by === "engine") return mendedBy(state, finding, word);
  const isInfo = again?.report.severity === "info";
  if (finding.raised_by === "person")
    return isInfo && again.isShown ? again.report.evidence || again.report.description : null;
  const criterion = finding.criterion ?? again?.report.criterion ?? null;
  const verdict = criterion === null ? undefined : verdicts.get(criterion);
  if (criterion !== null && state.waivers.has(criterion)) return `A person does without ${criterion}.`;
  const isShownAgain = again?.isShown === true && !isInfo;
  if (verdict) return verdict.satisfied && !isShownAgain ? `${criterion} is met: ${verdict.evidence}` : null;
  if (again) return isInfo ? again.report.evidence || again.report.description : null;
  if (stillStands(finding, word.judgement.resolved)) return null;
  const isSilence = finding.severity === "blocking" && finding.evidence_class !== "opinion";
  if (!mustsMet || (isSilence && !isChanged(state))) return null;
  return "Not raised again by a pass that found every must criterion met.";
}

/** Whether the very words that showed it are still there: then a word without evidence, or none, does not settle it. */
function stillStands(
  { severity, evidence_class, citations }: FindingState,
  resolved: readonly string[],
): boolean {
  if (severity !== "blocking" || evidence_class !== "cited") return false;
  return citations.some((citation) => citation.quote !== null && resolved.includes(citationKey(citation)));
}

/** Tests that failed are passed only when they were run again; what is built in another way may be gone. */
function mendedBy(state: WorkflowState, finding: FindingState, { again, cycle }: Word): string | null {
  if (again) return null;
  const { component, severity } = finding;
  // Receipts of contents are there only for as long as there is something to tell.
  if (severity !== "blocking" || component.endsWith(CONTENTS)) return `${component} does not fail any more.`;
  const receipt = stageReceipts(state, cycle).find(({ name }) => name === component);
  if (receipt) return receipt.status === "passed" ? `${component} passes now: receipt ${receipt.id}.` : null;
  return component.includes("test") ? null : `${component} is not a part of the tree any more.`;
}

const CONTENTS = ": contents";

/** Whether the tree is another one than at the pass before; to say nothing of the same tree again takes nothing back. */
function isChanged({ head: { tree_hash, progress } }: WorkflowState): boolean {
  return tree_hash === null || tree_hash !== progress.trees.at(-1);
}

/** A must that is not satisfied, and of which nobody has said so in a way that blocks. */
function unspoken(
  state: WorkflowState,
  cycle: number,
  { verdicts, standing }: Pick<Judged, "verdicts"> & { readonly standing: readonly Standing[] },
): Report[] {
  return criteriaOf(state).flatMap(({ id, text }) => {
    const verdict = verdicts.get(id);
    if (!verdict || verdict.level !== "must" || verdict.satisfied) return [];
    if (standing.some((one) => one.severity === "blocking" && one.criterion === id)) return [];
    const receipt = receiptOf(state, id, cycle);
    const report: ReportedFinding = {
      id: null,
      severity: "blocking",
      component: id,
      description: `${id} is ${verdict.verdict}: ${text}`,
      recommendation: `Make ${id} hold, in a way that can be seen.`,
      evidence: receipt ? evidenceOf(receipt) : verdict.evidence,
      citations: [],
      criterion: id,
    };
    const evidence_class = receipt ? "reproduced" : "cited";
    return [{ report, raised_by: "core", evidence_class, receipt: receipt?.id ?? null, isShown: true }];
  });
}
