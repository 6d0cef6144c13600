import type { Principal } from "../engine/engine.ts";
import { LOCAL_ACTOR } from "./principal.ts";

/** Whether the caller may read what models were told and what they answered, which can hold anything. */
export function maySeeBodies({ actor }: Principal): boolean {
  return actor === LOCAL_ACTOR;
}
