import type { HandoffPacket } from "../core/workflow/packet.ts";
import { fenced, fencedJson, inlineCode, type Section } from "./render-section.ts";

export function requestSection(packet: HandoffPacket): Section {
  return { heading: "Request", body: fenced(packet.request, "text") };
}

/** Where the workflow stands: its title, mode and pass. */
export function workflowSection(packet: HandoffPacket): Section {
  const pass =
    packet.cycle === 0
      ? "first"
      : `repair cycle ${packet.cycle} of at most ${Math.max(packet.cycle, packet.max_qa_retries)}`;
  const lines = [
    `- Title: ${inlineCode(packet.title)}`,
    `- Mode: ${packet.mode ?? "not chosen yet"}`,
    `- Pass: ${pass}`,
  ];
  return { heading: "Workflow", body: lines.join("\n") };
}

/** What the Director made of the request. */
export function briefSection(packet: HandoffPacket): Section {
  return { heading: "The Director's brief", body: packet.brief === null ? null : fencedJson(packet.brief) };
}

/** What each role so far said of its own work. */
export function summariesSection(packet: HandoffPacket): Section {
  return {
    heading: "Summaries of the roles so far",
    body: packet.summaries.length === 0 ? null : fencedJson(packet.summaries),
  };
}
