import type { AcceptanceCriterion } from "../core/documents.ts";
import type { HandoffPacket } from "../core/workflow/packet.ts";
import { checkInWords } from "./render-check.ts";
import { fencedJson, type Section } from "./render-section.ts";

/** The whole constitution, the acceptance criteria with what decides each. */
export function constitutionSection(packet: HandoffPacket): Section {
  const heading = "Constitution with the acceptance criteria";
  if (packet.constitution === null) return document(heading, null);
  const acceptance_criteria = packet.constitution.acceptance_criteria.map(inWords);
  return document(heading, { ...packet.constitution, acceptance_criteria });
}

export function requirementsSection(packet: HandoffPacket): Section {
  return document("Requirements", packet.requirements);
}

export function planSection(packet: HandoffPacket): Section {
  return document("Plan", packet.plan);
}

/** The part of the constitution that binds whoever writes: everything but the criteria, which are chosen per task. */
export function boundariesSection(packet: HandoffPacket): Section {
  if (packet.constitution === null) return document("Boundaries of the work", null);
  const { acceptance_criteria: _chosenPerTask, ...boundaries } = packet.constitution;
  return document("Boundaries of the work", boundaries);
}

/** The acceptance criteria that the packet's own task serves. */
export function servedCriteriaSection(packet: HandoffPacket): Section {
  const served = criteriaOf(packet).filter((criterion) => packet.task?.criteria.includes(criterion.id));
  return document("Acceptance criteria your task serves", served.length === 0 ? null : served.map(inWords));
}

/** The criteria with the newest verdict on each; left out while there is no verdict. */
export function verdictsSection(packet: HandoffPacket): Section {
  const verdicts = packet.criteria.map(({ id, verdict, evidence, citations, cycle, ...known }) => ({
    id,
    level: criteriaOf(packet).find((criterion) => criterion.id === id)?.level ?? null,
    verdict,
    decided_by: known.decided_by,
    receipt: known.receipt,
    evidence,
    citations,
    judged_in_cycle: cycle,
  }));
  return document("Newest verdict on each criterion", verdicts.length === 0 ? null : verdicts);
}

function criteriaOf(packet: HandoffPacket): readonly AcceptanceCriterion[] {
  return packet.constitution?.acceptance_criteria ?? [];
}

function inWords(criterion: AcceptanceCriterion): Record<string, unknown> {
  const { id, level, text } = criterion;
  return { id, level, text, decided_by: checkInWords(criterion) };
}

function document(heading: string, value: unknown): Section {
  return { heading, body: value === null ? null : fencedJson(value) };
}
