import { execFileSync } from "node:child_process";

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { DeliveryError, type DeliveryContext } from "../ports/delivery-action.ts";
import { blobId, changesBetween, deliveredTree, mergeTrees, refuseTwins, type Tree } from "./merge-trees.ts";

const tree = (entries: Record<string, string>): Tree => new Map(Object.entries(entries));
const trees = fc
  .dictionary(fc.constantFrom("a", "b", "c/d", "c/e", "f"), fc.constantFrom("1", "2", "3"))
  .map((entries) => tree(entries));

describe("mergeTrees", () => {
  test("property: who changed nothing gets what the other has", () => {
    fc.assert(
      fc.property(trees, trees, (base, other) => {
        expect(mergeTrees({ base, theirs: other, ours: base })).toEqual({ tree: other, conflicts: [] });
        expect(mergeTrees({ base, theirs: base, ours: other })).toEqual({ tree: other, conflicts: [] });
        expect(mergeTrees({ base, theirs: other, ours: other })).toEqual({ tree: other, conflicts: [] });
      }),
    );
  });

  test("property: every change of theirs is kept, every change of ours is kept or named", () => {
    fc.assert(
      fc.property(trees, trees, trees, (base, theirs, ours) => {
        const merged = mergeTrees({ base, theirs, ours });
        for (const path of ["a", "b", "c/d", "c/e", "f"]) {
          const [before, their, our] = [base.get(path), theirs.get(path), ours.get(path)];
          const both = their !== before && our !== before && their !== our;
          expect(merged.conflicts.includes(path)).toBe(both);
          expect(merged.tree.get(path)).toBe(their === before ? our : their);
        }
      }),
    );
  });

  test("a file of one where the other has a directory is a conflict", () => {
    const merged = mergeTrees({
      base: tree({}),
      theirs: tree({ docs: "1" }),
      ours: tree({ "docs/a.md": "2" }),
    });
    expect(merged.conflicts).toEqual(["docs/a.md"]);
    const other = mergeTrees({
      base: tree({}),
      theirs: tree({ "docs/a.md": "2" }),
      ours: tree({ docs: "1" }),
    });
    expect(other.conflicts).toEqual(["docs/a.md"]);
  });
});

type Part = Parameters<typeof deliveredTree>[0]["context"];
type Given = readonly [path: string, content: string, changed?: boolean];

const imported = (path: string | null): Part["imported"] => ({ repo: "/r", path, commit: "c" });
function part(files: readonly Given[], more: Partial<Part> = {}): Part {
  const artifacts = files.map(([path, content, changed = true]): DeliveryContext["artifacts"][number] => {
    return { id: path, path, kind: "code", description: "", hash: "", content, changed };
  });
  return { artifacts, deleted: [], imported: null, ...more };
}

describe("deliveredTree", () => {
  test("writes every file over what is there, and deletes nothing, when the workflow began with nothing", () => {
    const context = part(
      [
        ["a", "new"],
        ["b/c", "b", false],
      ],
      { deleted: ["kept"] },
    );
    const delivered = deliveredTree({
      before: tree({ a: "1", kept: "2" }),
      context,
      prefix: null,
      onImported: false,
    });
    expect(delivered.tree).toEqual(tree({ a: blobId("new"), kept: "2", "b/c": blobId("b") }));
    expect(delivered.contents).toEqual(tree({ a: "new", "b/c": "b" }));
  });

  test("touches only what was changed and deleted when it builds on what the workflow began with", () => {
    const before = tree({ "site/a": "1", "site/b": "2", "site/c": "3", "site/link": "120000 4", a: "5" });
    const context = part(
      [
        ["a", "new"],
        ["b", "left alone", false],
      ],
      { deleted: ["c"], imported: imported("site") },
    );
    const delivered = deliveredTree({ before, context, prefix: null, onImported: true });
    expect(changesBetween(before, delivered.tree)).toEqual({
      added: [],
      changed: ["site/a"],
      deleted: ["site/c"],
    });
    expect(delivered.contents).toEqual(tree({ "site/a": "new" }));
  });

  test.each([
    ["another directory", "other", true],
    ["another repository", null, false],
  ])("writes all of it to %s, where what was left alone is not", (_, prefix, onImported) => {
    const context = part(
      [
        ["a", "new"],
        ["b", "left alone", false],
      ],
      { deleted: ["c"], imported: imported(null) },
    );
    const delivered = deliveredTree({ before: tree({ c: "1" }), context, prefix, onImported });
    expect([...delivered.contents.values()]).toEqual(["new", "left alone"]);
    expect(delivered.tree.get("c")).toBe("1");
  });

  test.each([
    ["another case", "readme.md", "README.md"],
    ["another spelling of an accent", "caf\u00e9", "cafe\u0301"],
    ["another case of its directory", "Docs/a.md", "docs/A.md"],
    ["a directory where it is a file", "docs/a.md", "Docs"],
    ["a file where it has a directory", "docs", "docs/a.md"],
    ["a submodule where it has a directory", "lib", "lib/deep/a.md"],
  ])("refuses a file that stands there in %s, with both names", (_, there, path) => {
    const deliver = () =>
      deliveredTree({
        before: tree({ [there]: "1" }),
        context: part([[path, ""]]),
        prefix: null,
        onImported: false,
      });
    expect(deliver).toThrow(DeliveryError);
    expect(deliver).toThrow(`${JSON.stringify(path)} and ${JSON.stringify(there)} can't both be there`);
  });

  test("lets a file take the place of its twin, and leaves twins that were there before", () => {
    const context = part(
      [
        ["readme.md", "new"],
        ["x", "new"],
      ],
      { deleted: ["README.md"], imported: imported(null) },
    );
    const before = tree({ "README.md": "1", X: "2", x: "3" });
    const delivered = deliveredTree({ before, context, prefix: null, onImported: true });
    expect([...delivered.tree.keys()].toSorted()).toEqual(["X", "readme.md", "x"]);
  });

  test.each(["../a", ".git/hooks/x", "a\0"])("refuses the path %j", (path) => {
    expect(() =>
      deliveredTree({ before: tree({}), context: part([[path, ""]]), prefix: "p", onImported: false }),
    ).toThrow(/is not delivered/);
  });

  test("property: exactly the files of the workflow and of what was there are there", () => {
    const paths = fc.constantFrom("a", "b", "c/d", "c/e", "f");
    const files = fc.dictionary(paths, fc.string()).map((all) => Object.entries(all));
    fc.assert(
      fc.property(trees, files, fc.array(paths), fc.boolean(), (before, given, deleted, onImported) => {
        const gone: readonly string[] = deleted.filter((path) => !given.some(([kept]) => kept === path));
        const context = part(given, { deleted: gone, imported: imported(null) });
        const result = deliveredTree({ before, context, prefix: null, onImported });
        const expected = new Map([...before].filter(([path]) => !onImported || !gone.includes(path)));
        for (const [path, content] of given) expected.set(path, blobId(content));
        expect(result.tree).toEqual(expected);
      }),
    );
  });
});

test("refuseTwins takes a large tree", () => {
  const large = new Map(Array.from({ length: 50_000 }, (_, index) => [`d${index % 100}/f${index}`, "1"]));
  expect(() => refuseTwins(large, [...large.keys()])).not.toThrow();
});

test("blobId is what git calls the content", () => {
  const content = "h\u00e9llo \u{1f600}\n";
  const id = execFileSync("git", ["hash-object", "--stdin"], { input: content, encoding: "utf8" }).trim();
  expect(blobId(content)).toBe(id);
});
