import type { ReportedFinding } from "../../documents.ts";
import { byOrdinal, type ReceiptState, type WorkflowState } from "../state.ts";

/** Of everything that was run in this cycle the newest receipt. */
export function newestReceipts(state: WorkflowState, cycle: number): readonly ReceiptState[] {
  const newest = new Map<string, ReceiptState>();
  for (const receipt of byOrdinal(state.receipts.values())) {
    if (receipt.cycle === cycle) newest.set(JSON.stringify([receipt.criterion, receipt.name]), receipt);
  }
  return [...newest.values()];
}

/** Those of the stages of toolchains. */
export function stageReceipts(state: WorkflowState, cycle: number): readonly ReceiptState[] {
  return newestReceipts(state, cycle).filter(({ criterion }) => criterion === null);
}

export type ReceiptFinding = { readonly report: ReportedFinding; readonly receipt: ReceiptState };

/** What did not build or pass, as findings; for what could not be run one that tells people what is missing. */
export function stageFindings(state: WorkflowState, cycle: number): readonly ReceiptFinding[] {
  return stageReceipts(state, cycle).flatMap((receipt) => {
    if (receipt.status === "passed") return [];
    return [{ report: reportOf(receipt), receipt }];
  });
}

function reportOf(receipt: ReceiptState): ReportedFinding {
  const { name, status, blocks, message, id } = receipt;
  const missing = status === "unavailable";
  return {
    id: null,
    severity: missing ? "info" : blocks ? "blocking" : "warning",
    component: name,
    description: missing ? `${name} could not be run.` : `${name} fails.`,
    recommendation: missing
      ? (message ?? "Install what is missing.")
      : `Make ${name} pass; receipt ${id} has its output.${message === null ? "" : ` ${message}`}`,
    evidence: evidenceOf(receipt),
    citations: [],
    criterion: null,
  };
}

const LONGEST_EVIDENCE = 1_500;

/** What a receipt shows, short enough for a prompt. */
export function evidenceOf({ id, command, message, output_tail }: ReceiptState): string {
  const told = [`Receipt ${id}`, command === null ? "" : `\`${command}\``, message ?? ""];
  const tail =
    output_tail.length > LONGEST_EVIDENCE ? `…${output_tail.slice(-LONGEST_EVIDENCE)}` : output_tail;
  return `${told.filter((part) => part !== "").join(": ")}${tail === "" ? "" : `\n${tail}`}`;
}
