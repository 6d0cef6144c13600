import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { PersistentMap } from "./persistent-map.ts";

const key = fc.oneof(
  fc.nat({ max: 90 }).map((number) => `k${number}`),
  fc.constantFrom("", "__proto__", "constructor"),
  fc.string({ maxLength: 3 }),
);
const sets = fc.array(fc.tuple(key, fc.nat({ max: 3 })), { maxLength: 200, size: "max" });

function sorted<V>(entries: Iterable<readonly [string, V]>): (readonly [string, V])[] {
  return [...entries].toSorted(([one], [other]) => (one < other ? -1 : 1));
}

function filled(entries: readonly (readonly [string, number])[]): PersistentMap<number> {
  return entries.reduce((map, [at, value]) => map.set(at, value), PersistentMap.empty<number>());
}

describe("a persistent map", () => {
  test("holds what a Map holds after the same sets", () => {
    fc.assert(
      fc.property(sets, (entries) => {
        const model = new Map(entries);
        const map = filled(entries);
        expect(sorted(map.entries())).toEqual(sorted(model));
        expect(map.size).toBe(model.size);
        expect([...map.values()]).toEqual([...map.entries()].map(([, value]) => value));
        for (const [at] of entries) expect([map.get(at), map.has(at)]).toEqual([model.get(at), true]);
        expect([map.get("absent key"), map.has("absent key")]).toEqual([undefined, false]);
      }),
    );
  });

  test("built at once is the one built by sets", () => {
    fc.assert(
      fc.property(sets, (entries) => {
        const model = new Map(entries);
        const map = PersistentMap.of(model);
        expect(sorted(map.entries())).toEqual(sorted(filled(entries).entries()));
        expect(map.size).toBe(model.size);
      }),
    );
  });

  test("never changes once it is there", () => {
    fc.assert(
      fc.property(sets, sets, (first, then) => {
        const map = filled(first);
        const held = sorted(map.entries());
        then.reduce((later, [at, value]) => later.set(at, value), map);
        expect(sorted(map.entries())).toEqual(held);
      }),
    );
  });

  test("without some entries is as if they had never been there, and a map before it has them still", () => {
    fc.assert(
      fc.property(sets, sets, (first, gone) => {
        const model = new Map(first);
        const before = filled(first);
        const after = gone.reduce((map, [at]) => map.delete(at), before);
        for (const [at] of gone) model.delete(at);
        expect(sorted(after.entries())).toEqual(sorted(model));
        expect(after.size).toBe(model.size);
        expect(sorted(before.entries())).toEqual(sorted(new Map(first)));
      }),
    );
  });

  test("tells what is new or different since an earlier version, and nothing else", () => {
    fc.assert(
      fc.property(sets, sets, (first, then) => {
        const before = filled(first);
        const after = then.reduce((map, [at, value]) => map.set(at, value), before);
        const model = new Map(first);
        const expected = sorted(new Map(then)).filter(([at, value]) => model.get(at) !== value);
        expect(sorted(after.changedSince(before))).toEqual(expected);
        expect(after.changedSince(after)).toEqual([]);
      }),
    );
  });

  test("stays shallow: ten thousand entries are found and set as fast as few", () => {
    const entries = Array.from({ length: 10_000 }, (_, index) => [`task-${index}`, index] as const);
    const map = filled(entries);
    expect(map.size).toBe(10_000);
    expect(map.get("task-9999")).toBe(9999);
    expect(map.set("task-5", -1).changedSince(map)).toEqual([["task-5", -1]]);
  });
});
