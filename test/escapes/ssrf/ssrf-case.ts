import type { EscapeCase, Outcome } from "../escape-corpus.ts";
import { guardedRequest, plainRequest, type Given, type Result } from "./clients.ts";
import { openWorld, SECRET, type Names, type World, type WorldSettings } from "./world.ts";

/** One way in: where it leads and how to know that it got there. What is left out is the usual. */
export type Try = {
  readonly name: string;
  readonly url: string | ((world: World) => string);
  readonly given?: Omit<Given, "url">;
  readonly names?: Names;
  readonly outside?: WorldSettings["outside"];
  readonly isDiverted?: boolean;
  readonly allowedHosts?: readonly string[];
  readonly ownAddresses?: readonly string[];
  /** Whether the guarded client uses the real resolver and the real network, and not the world's. */
  readonly isReal?: boolean;
  /** What the guarded client must say: a code of EgressError or a status. A try that fails for another reason proves nothing. */
  readonly expects?: string;
  /** What an unguarded client does; a plain request when missing. */
  readonly control?: (world: World, url: string) => Promise<Result>;
  /** What was reached that must not be; null when nothing was. A connection to the private listener when missing. */
  readonly reached?: (world: World, result: Result) => Promise<string | null>;
  readonly controlMayHold?: string;
};

export function toCase(one: Try): EscapeCase {
  return {
    name: one.name,
    controlMayHold: one.controlMayHold ?? null,
    async attempt(guarded) {
      const world = await openWorld({
        names: one.names ?? {},
        outside: one.outside ?? ((_request, response) => response.end("outside")),
        isDiverted: one.isDiverted ?? false,
      });
      try {
        return await attemptIn(world, one, guarded);
      } finally {
        await world.close();
      }
    },
  };
}

async function attemptIn(world: World, one: Try, guarded: boolean): Promise<Outcome> {
  const url = typeof one.url === "string" ? one.url : one.url(world);
  const given = { ...one.given, url };
  const control = one.control ?? (() => plainRequest(world, given));
  const result = guarded
    ? await guardedRequest(world, given, {
        allowedHosts: one.allowedHosts ?? [],
        ownAddresses: one.ownAddresses ?? [],
        isReal: one.isReal ?? false,
      })
    : await control(world, url);
  const what = await (one.reached ?? reachedInside)(world, result);
  if (what !== null) return { kind: "escaped", what };
  const expected = one.expects ?? "refused";
  if (guarded && result.code !== expected) {
    throw new Error(`${one.name}: ${result.code} instead of ${expected} (${result.text})`);
  }
  return { kind: "contained" };
}

async function reachedInside(world: World, result: Result): Promise<string | null> {
  const connections = await world.inside.connections();
  if (connections > 0) return `${connections} connections to the private listener`;
  return result.text.includes(SECRET) ? "what the private listener knows" : null;
}
