import type { ApprovalView } from "../contract/approval-view.ts";
import type { CommandLine } from "./command-line.ts";

/** The commands that look at an approval and answer it. */
export function approvalAdvice({ id, gate, expires_at }: ApprovalView, next: CommandLine): string[] {
  return [
    `look at it:      ${next(`approvals ${id}`)}`,
    `approve it:      ${next(`approve ${id}`)}`,
    ...(gate === "plan" ? [`edit it:         ${next(`edit ${id}`)}`] : []),
    `ask for changes: ${next(`request-changes ${id} --note "WHAT"`)}`,
    `reject it:       ${next(`reject ${id}`)}`,
    ...(expires_at === null ? [] : [`It can be approved until ${expires_at}.`]),
  ];
}
