import type { HandoffPacket } from "../core/workflow/packet.ts";
import type { ReceiptState } from "../core/workflow/state.ts";
import { fenced, fencedJson, type Section } from "./render-section.ts";

/** Characters of an output that are shown: of one that failed enough to find the cause, of others enough to see what ran. */
const MOST_OF_FAILED = 4_000;
const MOST_OF_OTHERS = 800;

/** Everything that the engine ran, with the end of what each printed. */
export function receiptsSection(packet: HandoffPacket): Section {
  return withTails("Receipts: what the engine ran on this tree", newest(packet));
}

/** What did not pass. What could not be run is left out: it is for people to mend. */
export function failedReceiptsSection(packet: HandoffPacket): Section {
  const failed = newest(packet).filter(({ status }) => status === "failed" || status === "timed_out");
  return withTails("Receipts of what failed", failed);
}

/** What was run and how it ended, without what it printed. */
export function receiptListSection(packet: HandoffPacket): Section {
  const rows = newest(packet).map(summaryOf);
  return {
    heading: "Receipts: what the engine ran, and how it ended",
    body: rows.length === 0 ? null : fencedJson(rows),
  };
}

/** Of what was run again only the last run counts. */
function newest({ receipts }: HandoffPacket): readonly ReceiptState[] {
  return [...new Map(receipts.map((receipt) => [receipt.name, receipt])).values()];
}

function withTails(heading: string, receipts: readonly ReceiptState[]): Section {
  const shown = receipts.map((receipt) => {
    const tail = endOf(receipt);
    const output = tail === "" ? "It printed nothing." : `The end of its output:\n\n${fenced(tail, "text")}`;
    return `${fencedJson(summaryOf(receipt))}\n\n${output}`;
  });
  return { heading, body: shown.length === 0 ? null : shown.join("\n\n") };
}

function summaryOf(receipt: ReceiptState): Record<string, unknown> {
  const { id, name, criterion, status, command, exit_code, message } = receipt;
  return { id, name, criterion, status, command, exit_code, message };
}

function endOf({ status, output_tail }: ReceiptState): string {
  const most = status === "passed" || status === "unavailable" ? MOST_OF_OTHERS : MOST_OF_FAILED;
  if (output_tail.length <= most) return output_tail;
  return `… ${output_tail.slice(-most).toWellFormed()}`;
}
