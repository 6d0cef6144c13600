import { byOrdinal, documentOf, type WorkflowState } from "../state.ts";

const LINK = /\bhttps?:\/\/[^\s<>"'`()[\]{}|\\^]+/gi;
/** What ends a sentence, not an address. */
const TRAILING = /[.,;:!?*_~]+$/;
/** A machine's own address, and names that are reserved for examples (RFC 2606). */
const NOWHERE =
  /^https?:\/\/(?:localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|(?:[a-z0-9-]+\.)*(?:example\.(?:com|net|org)|example|test|invalid|localhost))(?::\d+)?(?=[/?#]|$)/i;

const LEFT_OUT = "(link left out)";

/**
 * The text without addresses that nobody has given: a model may have made them up. What the request, the contract that
 * a person could see, or a person's note names stays; links to the result come from deliveries alone.
 */
export function withoutUnknownLinks(
  state: WorkflowState,
  text: string,
): { readonly text: string; readonly links: readonly string[] } {
  let given: string | null = null;
  const links: string[] = [];
  const kept = text.replaceAll(LINK, (found) => {
    const link = found.replace(TRAILING, "");
    given ??= givenTexts(state);
    if (NOWHERE.test(link) || given.includes(link)) return found;
    links.push(link);
    return LEFT_OUT + found.slice(link.length);
  });
  return { text: kept, links };
}

function givenTexts(state: WorkflowState): string {
  const notes = byOrdinal(state.approvals.values()).map(({ answer }) => answer?.note ?? "");
  const criteria = documentOf(state, "constitution")?.acceptance_criteria.map(({ text }) => text) ?? [];
  return [state.settings.request, state.settings.workspace?.repo ?? "", ...notes, ...criteria].join("\n");
}
