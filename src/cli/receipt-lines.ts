import type { ReceiptView } from "../contract/receipt-view.ts";
import { receiptEnd, receiptStatus } from "./progress/describe-evidence.ts";
import { elapsedText, oneLine, stripControls } from "./progress/wording.ts";
import { table } from "./table.ts";

const TAIL_LINES = 20;

/** What the engine ran, a line each. */
export function receiptLines(receipts: readonly ReceiptView[]): string[] {
  return table(
    receipts.map((receipt) => [
      receiptStatus(receipt),
      receipt.id,
      `cycle ${receipt.cycle}`,
      receipt.name,
      oneLine(receipt.command ?? "", 80),
      oneLine(receiptEnd(receipt), 160),
      elapsedText(receipt.duration_ms),
    ]),
  );
}

/** One receipt with the end of what it printed. */
export function receiptText(receipt: ReceiptView): string[] {
  const { id, name, stage, cycle, criterion, toolchain, command, duration_ms, sandbox, tree_hash } = receipt;
  const facts = [
    ["id", id],
    ["name", name],
    ["stage", toolchain === null ? stage : `${stage} of ${toolchain}`],
    ["cycle", String(cycle)],
    ...(criterion === null ? [] : [["criterion", criterion]]),
    ...(command === null ? [] : [["command", command]]),
    ["ended", receiptEnd(receipt)],
    ["took", elapsedText(duration_ms)],
    ["sandbox", sandbox],
    ["tree", tree_hash],
  ];
  const tail = outputTail(receipt, Number.POSITIVE_INFINITY);
  return [...table(facts), ...(tail.length === 0 ? [] : ["", "Output", ...tail])];
}

/** The last lines that it printed, indented. */
export function outputTail({ output_tail }: Pick<ReceiptView, "output_tail">, most = TAIL_LINES): string[] {
  if (output_tail.trim() === "") return [];
  const lines = stripControls(output_tail).trimEnd().split("\n");
  return lines.slice(-Math.min(most, lines.length)).map((line) => `  ${line}`);
}
