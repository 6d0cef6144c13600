import type { HandoffPacket } from "../../core/workflow/packet.ts";
import { defineRole } from "../define-role.ts";
import { constitutionSection, verdictsSection } from "../render-contract.ts";
import { findingHistorySection } from "../render-findings.ts";
import { notesSection, waiversSection } from "../render-people.ts";
import { receiptListSection } from "../render-receipts.ts";
import { requestSection, summariesSection, workflowSection } from "../render-request.ts";
import { fencedJson, type Section } from "../render-section.ts";
import { taskHistorySection } from "../render-tasks.ts";

/** Looks back on one ended workflow, a failed one too. */
export const refiner = defineRole({
  name: "refiner",
  moduleUrl: import.meta.url,
  sections: (packet) => [
    requestSection(packet),
    workflowSection(packet),
    constitutionSection(packet),
    summariesSection(packet),
    taskHistorySection(packet),
    notesSection(packet),
    receiptListSection(packet),
    verdictsSection(packet),
    waiversSection(packet),
    findingHistorySection(packet),
    endingSection(packet),
  ],
});

function endingSection(packet: HandoffPacket): Section {
  const { status, error, cycle, max_qa_retries, delivery } = packet;
  return {
    heading: "How it ended",
    body: fencedJson({
      status,
      error,
      repair_cycles: cycle,
      repair_cycles_allowed: max_qa_retries,
      delivery,
    }),
  };
}
