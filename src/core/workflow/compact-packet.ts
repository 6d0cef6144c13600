import type { HandoffPacket } from "./packet.ts";

const LONGEST_REQUEST = 12_000;
const LONGEST_CONTENT = 2_000;
const LONGEST_DESCRIPTION = 600;
const LONGEST_DIFF = 12_000;
const MOST_PATHS = 500;

/**
 * The same packet for a model whose context the whole one does not fit: long texts lose their middle, settled findings
 * and the descriptions of other tasks go. What the role must answer for stays.
 */
export function compactPacket(packet: HandoffPacket): HandoffPacket {
  const { task, choices } = packet;
  return {
    ...packet,
    request: shortened(packet.request, LONGEST_REQUEST),
    summaries: packet.summaries.map(({ role, summary }) => ({
      role,
      summary: shortened(summary, LONGEST_DESCRIPTION),
    })),
    tasks: packet.tasks.map((other) =>
      other.id === task?.id
        ? other
        : { ...other, description: shortened(other.description, LONGEST_DESCRIPTION) },
    ),
    artifacts: packet.artifacts.map((artifact) => ({
      ...artifact,
      content: artifact.content === null ? null : shortened(artifact.content, LONGEST_CONTENT),
    })),
    receipts: packet.receipts.map((receipt) => ({
      ...receipt,
      output_tail: shortened(receipt.output_tail, LONGEST_DESCRIPTION),
    })),
    tree: packet.tree.slice(0, MOST_PATHS),
    diff: packet.diff === null ? null : shortened(packet.diff, LONGEST_DIFF),
    findings: packet.findings.filter((finding) => choices.open_findings.includes(finding.id)),
  };
}

/** Keeps three quarters of the room for the beginning and the rest for the end. */
function shortened(text: string, longest: number): string {
  if (text.length <= longest) return text;
  const tail = Math.floor(longest / 4);
  const left_out = text.length - longest;
  return `${text.slice(0, longest - tail)}\n[… ${left_out} characters left out to fit …]\n${text.slice(-tail)}`;
}
