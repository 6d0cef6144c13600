import type { HookWorld, Sending } from "./hook-world.ts";

export const ATTACK_KINDS = [
  "forged",
  "flipped",
  "algorithm",
  "header",
  "foreign",
  "name",
  "replay",
  "time",
  "body",
  "people",
  "event",
  "address",
] as const;
export type AttackKind = (typeof ATTACK_KINDS)[number];

/** Something that must start no workflow. */
export type Attack = {
  readonly kind: AttackKind;
  readonly name: string;
  /** Resolves with the workflows that honest hooks have started on the way. */
  run(world: HookWorld): Promise<readonly string[]>;
};

/** One that is a single request. */
export function sent(kind: AttackKind, name: string, make: (world: HookWorld) => Sending): Attack {
  return {
    kind,
    name,
    run: async (world) => {
      await world.send(make(world));
      return [];
    },
  };
}

export function json(payload: unknown): { readonly body: string } {
  return { body: JSON.stringify(payload) };
}
