import type { HandoffPacket } from "../core/workflow/packet.ts";
import { fenced, fencedJson, type Section } from "./render-section.ts";

export function designSection(packet: HandoffPacket): Section {
  return { heading: "Design", body: packet.design === null ? null : fencedJson(packet.design) };
}

/** The design in words, without components and decisions: enough to find one's way, too little to judge by. */
export function designOverviewSection(packet: HandoffPacket): Section {
  return {
    heading: "Design overview",
    body: packet.design === null ? null : fenced(packet.design.overview, "text"),
  };
}
