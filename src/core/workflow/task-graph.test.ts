import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { dependenciesFirst, graphProblems } from "./task-graph.ts";

type Node = { readonly key: string; readonly depends_on: readonly string[] };

/** Sound graphs in any written order: bits of a number say on which earlier nodes each depends. */
const soundGraph: fc.Arbitrary<Node[]> = fc
  .array(fc.nat({ max: 0xffff }), { minLength: 1, maxLength: 16 })
  .map((all) =>
    all.map((bits, index) => ({
      key: `n${index}`,
      depends_on: all.slice(0, index).flatMap((_, other) => ((bits >> other) % 2 === 1 ? [`n${other}`] : [])),
    })),
  )
  .chain((nodes) => fc.shuffledSubarray(nodes, { minLength: nodes.length, maxLength: nodes.length }));

const NONE: ReadonlySet<string> = new Set();

describe("a sound graph", () => {
  test("has no problems", () => {
    fc.assert(
      fc.property(soundGraph, (nodes) => {
        expect(graphProblems("task", nodes, NONE)).toEqual([]);
      }),
    );
  });

  test("is ordered so that each node comes after those it depends on, none lost, none twice", () => {
    fc.assert(
      fc.property(soundGraph, (nodes) => {
        const ordered = dependenciesFirst(nodes);
        expect(new Set(ordered)).toEqual(new Set(nodes));
        expect(ordered).toHaveLength(nodes.length);
        const placed = new Set<string>();
        for (const node of ordered) {
          expect(node.depends_on.filter((key) => !placed.has(key))).toEqual([]);
          placed.add(node.key);
        }
      }),
    );
  });

  test("may depend on nodes that exist outside of it", () => {
    const nodes = [{ key: "b", depends_on: ["a"] }];
    expect(graphProblems("task", nodes, new Set(["a"]))).toEqual([]);
    expect(dependenciesFirst(nodes)).toEqual(nodes);
  });

  test("is ordered without recursion, however long its chain", () => {
    const chain = Array.from({ length: 5000 }, (_, index) => ({
      key: `n${index}`,
      depends_on: index === 4999 ? [] : [`n${index + 1}`],
    }));
    expect(dependenciesFirst(chain)[0]?.key).toBe("n4999");
    expect(graphProblems("task", chain, NONE)).toEqual([]);
  });
});

describe("a planted fault is found and named", () => {
  test("a circle of any length, by its keys", () => {
    fc.assert(
      fc.property(soundGraph, fc.nat({ max: 5 }), (nodes, more) => {
        const ring = Array.from({ length: more + 1 }, (_, index) => ({
          key: `ring${index}`,
          depends_on: [`ring${(index + 1) % (more + 1)}`],
        }));
        const problems = graphProblems("task", [...nodes, ...ring], NONE);
        expect(problems).toHaveLength(1);
        const [, named = ""] = problems[0]?.split("in a circle: ") ?? [];
        const keys = named.split(" -> ");
        expect(keys).toHaveLength(more + 2);
        expect(keys[0]).toBe(keys.at(-1));
        expect(new Set(keys)).toEqual(new Set(ring.map((node) => node.key)));
      }),
    );
  });

  test("a circle through a sound graph", () => {
    const problems = graphProblems(
      "task",
      [
        { key: "start", depends_on: [] },
        { key: "a", depends_on: ["start", "c"] },
        { key: "b", depends_on: ["a"] },
        { key: "c", depends_on: ["b"] },
        { key: "after", depends_on: ["c"] },
      ],
      NONE,
    );
    expect(problems).toEqual(["tasks depend on each other in a circle: a -> c -> b -> a"]);
  });

  test("an unknown key", () => {
    fc.assert(
      fc.property(soundGraph, fc.nat(), (nodes, pick) => {
        const at = pick % nodes.length;
        const planted = nodes.map((node, index) =>
          index === at ? { ...node, depends_on: [...node.depends_on, "nobody"] } : node,
        );
        expect(graphProblems("task", planted, NONE)).toEqual([
          `task ${nodes[at]?.key} depends on nobody, which does not exist`,
        ]);
      }),
    );
  });

  test("a key that appears twice, and one that exists already", () => {
    fc.assert(
      fc.property(soundGraph, fc.nat(), (nodes, pick) => {
        const twin = nodes[pick % nodes.length] as Node;
        expect(graphProblems("task", [...nodes, { ...twin, depends_on: [] }], NONE)).toContain(
          `task ${twin.key} appears twice; every key is unique`,
        );
        expect(graphProblems("task", nodes, new Set([twin.key]))).toEqual([
          `task ${twin.key} exists already; choose a new key`,
        ]);
      }),
    );
  });

  test("and a faulty graph is still ordered without loss or endless walk", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            key: fc.constantFrom("a", "b", "c", "d"),
            depends_on: fc.array(fc.constantFrom("a", "b", "c", "x")),
          }),
        ),
        (nodes) => {
          expect(dependenciesFirst(nodes).length).toBeLessThanOrEqual(nodes.length);
          expect(Array.isArray(graphProblems("task", nodes, NONE))).toBe(true);
        },
      ),
    );
  });
});
