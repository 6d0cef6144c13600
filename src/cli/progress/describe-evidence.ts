import type { EventPayload } from "../../core/workflow/events.ts";
import { line, type LineStatus, type ProgressLine } from "./progress-line.ts";
import { plural, ROLE_TITLES } from "./wording.ts";

type Receipt = EventPayload<"receipt.recorded">;
type Ending = Pick<Receipt, "status" | "exit_code" | "message">;

/** `passed`, or why it did not. */
export function receiptEnd({ status, exit_code, message }: Ending): string {
  switch (status) {
    case "passed":
      return "passed";
    case "timed_out":
      return `timed out: ${message ?? "it took too long"}`;
    case "unavailable":
      return `could not be run: ${message ?? "something is missing"}`;
    case "failed": {
      const how = exit_code === null ? "failed" : `exit ${exit_code}`;
      return message === null ? how : `${how}: ${message}`;
    }
  }
}

export function receiptStatus({ status, blocks }: Pick<Receipt, "status" | "blocks">): LineStatus {
  if (status === "passed") return "ok";
  if (status === "unavailable") return "wait";
  return blocks ? "FAIL" : "note";
}

export function receiptLine(receipt: Receipt): ProgressLine {
  const { id, name, command, duration_ms } = receipt;
  const what = command === null || command === name ? "" : `  ${command}`;
  const told = line(receiptStatus(receipt), `${name} (${id})`, `${receiptEnd(receipt)}${what}`);
  return { ...told, elapsed_ms: duration_ms };
}

export function cycleLine(judged: EventPayload<"cycle.judged">): ProgressLine {
  const { cycle, open_musts, blocking, progress, best, verdict, stagnant } = judged;
  const done = open_musts === 0 && blocking === 0;
  const missing = `${plural(open_musts, "must")} open, ${plural(blocking, "blocking finding")}`;
  const moved = progress ? "" : `; no progress for ${plural(stagnant, "cycle")}`;
  const detail = done ? verdict : `${verdict}: ${missing}${best ? ", the best so far" : ""}${moved}`;
  return line(done ? "ok" : "note", `cycle ${cycle} judged`, detail);
}

export function claimLine({ role, claim, sentence }: EventPayload<"claim.unsupported">): ProgressLine {
  const why = claim === "link" ? "nobody gave this address" : "nobody saw this done";
  return line("note", ROLE_TITLES[role], `${why}, so it is left out: ${sentence}`);
}

export function toolLine(title: string, call: EventPayload<"tool.called">): ProgressLine {
  const { tool, error, latency_ms } = call;
  const told = line(
    error === null ? "ok" : "note",
    title,
    error === null ? tool : `${tool}: ${error.message}`,
  );
  return { ...told, elapsed_ms: latency_ms };
}

export function importLine(tree: EventPayload<"tree.imported">): ProgressLine {
  const { repo, commit, files, skipped } = tree;
  const left = skipped.length === 0 ? "" : `, ${skipped.length} left out`;
  return line(
    "ok",
    "started from a repository",
    `${repo} at ${commit.slice(0, 12)}: ${plural(files.length, "file")}${left}`,
  );
}

export function planEditLine({ criteria, withdrawn }: EventPayload<"plan.edited">): ProgressLine {
  const parts = [
    ...(criteria === null ? [] : [`criteria ${criteria.map(({ id }) => id).join(", ")}`]),
    ...(withdrawn.length === 0 ? [] : ["other tasks"]),
  ];
  return line("note", "plan edited", parts.join(", "));
}

const ANSWERS: Readonly<Record<EventPayload<"approval.responded">["verb"], readonly [LineStatus, string]>> = {
  approve: ["ok", "approved"],
  edit: ["ok", "approved with edits"],
  request_changes: ["note", "changes requested"],
  reject: ["FAIL", "rejected"],
};

export function answerLine({ id, verb, note }: EventPayload<"approval.responded">): ProgressLine {
  const [status, answer] = ANSWERS[verb];
  return line(status, `approval ${id} ${answer}`, note ?? "");
}
