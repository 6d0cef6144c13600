import { type Attack, ATTACK_KINDS, type AttackKind } from "./attack.ts";
import { contentAttacks } from "./content-attacks.ts";
import { replayAttacks } from "./replay-attacks.ts";
import { signatureAttacks } from "./signature-attacks.ts";

/** One of each kind in turn, so that the first few are of many kinds. */
export const ALL_ATTACKS: readonly Attack[] = inTurns([
  ...signatureAttacks,
  ...replayAttacks,
  ...contentAttacks,
]);

function inTurns(attacks: readonly Attack[]): readonly Attack[] {
  const byKind = new Map<AttackKind, Attack[]>(ATTACK_KINDS.map((kind) => [kind, []]));
  for (const attack of attacks) byKind.get(attack.kind)!.push(attack);
  const most = Math.max(...[...byKind.values()].map(({ length }) => length));
  return Array.from({ length: most }, (_, turn) =>
    [...byKind.values()].flatMap((some) => some[turn] ?? []),
  ).flat();
}
