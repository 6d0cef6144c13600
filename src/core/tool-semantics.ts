/**
 * What a tool allows when nobody heard how its last call ended: `read` changes nothing and is run again, `keyed` is run
 * again under the same key and has its effect once, `reconcile` can be asked whether it happened, `ask` only a person
 * can answer.
 */
export const TOOL_SEMANTICS = ["read", "keyed", "reconcile", "ask"] as const;
export type ToolSemantics = (typeof TOOL_SEMANTICS)[number];

/** What a person has found out about a call whose outcome was unknown. */
export const OUTCOMES = ["happened", "repeat"] as const;
export type Outcome = (typeof OUTCOMES)[number];

export type DoubtAnswer = "run" | "look_up" | "ask" | "assume";

/** How a call goes on that was begun by an earlier attempt and never heard of again. */
export function answerToDoubt(semantics: ToolSemantics, decided: Outcome | null): DoubtAnswer {
  switch (semantics) {
    case "read":
    case "keyed":
      return "run";
    case "reconcile":
      return "look_up";
    case "ask":
      if (decided === null) return "ask";
      return decided === "happened" ? "assume" : "run";
  }
}
