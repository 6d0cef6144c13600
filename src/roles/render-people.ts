import type { HandoffPacket } from "../core/workflow/packet.ts";
import { fencedJson, type Section } from "./render-section.ts";

/** What people said when they were asked; the last word on a point holds. */
export function notesSection(packet: HandoffPacket): Section {
  return rows("What people said at the gates, in order", packet.notes);
}

/** The criteria that a person does without. */
export function waiversSection(packet: HandoffPacket): Section {
  return rows("Criteria that a person has waived", packet.waivers);
}

function rows(heading: string, list: readonly unknown[]): Section {
  return { heading, body: list.length === 0 ? null : fencedJson(list) };
}
