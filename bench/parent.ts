import { once } from "node:events";

import type { FromChild, Measurements } from "./case.ts";

/** Tells the parent that what it waits for stands. */
export function sayReady(): void {
  process.send?.({ type: "ready" } satisfies FromChild);
}

/** Resolves when the parent says go. */
export async function heardGo(): Promise<void> {
  await once(process, "message");
}

export function sayMeasured(measured: Measurements): void {
  process.send?.({ type: "measured", measured } satisfies FromChild);
}
