import { type Seen, type UnsupportedClaim, unsupportedClaims, withoutClaims } from "../../claims.ts";
import type { Stage } from "../../receipt.ts";
import type { RoleName } from "../../role-name.ts";
import type { RoleOutputs } from "../../role-output.ts";
import { constantExit, decidingParts } from "../../shell-command.ts";
import { newestDelivery, type OpenStep, type ReceiptState, type WorkflowState } from "../state.ts";
import { newestReceipts } from "./stage-findings.ts";
import { withoutUnknownLinks } from "./supported-links.ts";

const NOTHING_LEFT = "(Left out: it claimed what nobody saw.)";
/** The texts of an output that are handed on in a role's own words. */
const HANDED_ON = ["summary", "delivery_notes", "overall_assessment"] as const;

/** A sentence that claims what nobody saw, or an address that nobody gave. */
type LeftOut = UnsupportedClaim | { readonly claim: "link"; readonly sentence: string };

type Said = {
  readonly output: RoleOutputs[RoleName];
  readonly succeeded?: readonly string[];
};

/** The output without sentences that claim what nobody saw, and those sentences. */
export function withoutUnsupported(
  state: WorkflowState,
  step: OpenStep,
  { output, succeeded = [] }: Said,
): { readonly output: RoleOutputs[RoleName]; readonly claims: readonly LeftOut[] } {
  const seen = seenBy(state, step, succeeded);
  const words: Record<string, string> = {};
  const claims: LeftOut[] = [];
  for (const field of HANDED_ON) {
    const text = (output as Readonly<Record<string, unknown>>)[field];
    if (typeof text !== "string") continue;
    const found = unsupportedClaims(text, seen);
    const { text: known, links } = withoutUnknownLinks(state, withoutClaims(text, found));
    if (found.length + links.length === 0) continue;
    claims.push(...found, ...links.map((link) => ({ claim: "link" as const, sentence: link })));
    words[field] = known || NOTHING_LEFT;
  }
  const boasts = "title" in output && state.settings.given_title === null;
  const found = boasts ? unsupportedClaims(output.title, seen) : [];
  claims.push(...found);
  // Half a title says nothing: the request's own takes its place.
  if (found.length > 0) words.title = state.head.title;
  return { output: claims.length === 0 ? output : { ...output, ...words }, claims };
}

/** Receipts of the tree as it is, and what this step itself has run. */
function seenBy(state: WorkflowState, step: OpenStep, succeeded: readonly string[]): Seen {
  return seenIn(state, step.role === "implementer" ? [] : newestReceipts(state, step.cycle), succeeded);
}

/** What these receipts and commands have shown. */
export function seenIn(
  state: WorkflowState,
  receipts: readonly ReceiptState[],
  succeeded: readonly string[] = [],
): Seen {
  const passed = receipts.filter(({ status }) => status === "passed");
  const commands = [...succeeded, ...passed.flatMap(({ command }) => command ?? [])];
  return {
    tests: !fails(receipts, "test") && (has(passed, "test") || commands.some((one) => runs(TESTS, one))),
    build: !fails(receipts, "build") && (has(passed, "build") || commands.some((one) => runs(BUILDS, one))),
    ran: commands.length > 0,
    delivered: newestDelivery(state)?.status === "delivered",
  };
}

function has(receipts: readonly ReceiptState[], stage: Stage): boolean {
  // Documents and data are read, not run: nobody has seen a test there.
  return receipts.some(
    (receipt) => receipt.stage === stage && receipt.toolchain !== "documents" && receipt.toolchain !== "data",
  );
}

function fails(receipts: readonly ReceiptState[], stage: Stage): boolean {
  return has(
    receipts.filter(({ status }) => status !== "passed"),
    stage,
  );
}

/** Whether the command's good end shows that tests ran well. */
export function runsTests(command: string): boolean {
  return runs(TESTS, command);
}

const TESTS = /test|spec/i;
const BUILDS = /build|compile|tsc|make|--check/i;
/** Commands that only look at files, or move them. */
const LOOKS_ON =
  /^(cat|ls|head|tail|less|more|grep|rg|find|sed|awk|wc|git|cd|touch|mkdir|rm|cp|mv|which|stat|file|chmod|test|\[\[?)\b/;

/** Whether the command's good end shows that something of this kind ran well. */
function runs(kind: RegExp, command: string): boolean {
  if (constantExit(command) !== null) return false;
  return decidingParts(command).some((part) => kind.test(part) && !LOOKS_ON.test(part));
}
