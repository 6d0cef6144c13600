import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { pathKey, refusalOfPath } from "./artifact-path.ts";

const REFUSED: readonly (readonly [what: string, path: string, why: RegExp])[] = [
  ["nothing", "", /1 to 512/],
  ["a parent", "../a.js", /\.\. segment/],
  ["a parent inside", "a/../../b.js", /\.\. segment/],
  ["a parent at the end", "a/..", /\.\. segment/],
  ["a dot segment", "a/./b.js", /\. or \.\./],
  ["an absolute path", "/etc/passwd", /relative/],
  ["a double slash", "a//b.js", /empty segment/],
  ["a directory", "a/", /empty segment/],
  ["a drive letter", "C:/a.js", /relative/],
  ["a drive letter without a slash", "c:a.js", /relative/],
  ["a backslash", "a\\b.js", /forward slashes/],
  ["a share", "\\\\host\\share\\a.js", /forward slashes/],
  ["NUL", "a\0.js", /control/],
  ["a line break", "a\n.js", /control/],
  ["an escape", "a\u001b[2J.js", /control/],
  ["DEL", "a\u007f.js", /control/],
  ["a half character", "a\ud800.js", /well-formed/],
  ["a trailing dot", "a./b.js", /end in a dot/],
  ["a trailing space", "a /b.js", /end in a dot or a space/],
  ["a name of dots", ".../b.js", /end in a dot/],
  ["a stream", "a.js:hidden", /none of/],
  ["a wildcard", "*.js", /none of/],
  ["git's own directory", ".git/config", /\.git/],
  ["git's own directory in other letters", "sub/.GIT/hooks/pre-commit", /\.git/],
  ["git's own directory by its short name", "GIT~1/config", /\.git/],
  ["a device", "nul", /device/],
  ["a device in other letters with an ending", "docs/Con.txt", /device/],
  ["a numbered device", "a/com1.log", /device/],
  ["a name that is too long", "a".repeat(256), /255 bytes/],
  ["a name that is too long in bytes", `${"漢".repeat(86)}.md`, /255 bytes/],
  ["a path that is too long", `${"a/".repeat(256)}b`, /1 to 512/],
];

describe("refusalOfPath", () => {
  test.each(REFUSED)("refuses %s", (_what, path, why) => {
    expect(refusalOfPath(path)).toMatch(why);
  });

  test.each([
    "a.js",
    "src/index.js",
    ".gitignore",
    ".github/workflows/ci.yml",
    "a..b/c.d",
    "docs/crème – part 1.md",
    "docs/漢字.md",
    "😀.txt",
    "console.log.js",
    "com10/nulls.txt",
    "a".repeat(255),
    "@scope/pkg/file+more.ts",
    "-rf",
  ])("accepts %s", (path) => {
    expect(refusalOfPath(path)).toBeNull();
  });

  test("whatever it accepts stays inside its directory and can be written", () => {
    const piece = fc.oneof(
      fc.constantFrom("..", ".", "", "a", "/", "\\", "C:", "~", " ", "\0", ".git", "con"),
      fc.string({ maxLength: 4 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), fc.constantFrom("/", ""), (pieces, between) => {
        const path = pieces.join(between);
        fc.pre(refusalOfPath(path) === null);
        const url = new URL(path.split("/").map(encodeURIComponent).join("/"), "file:///root/inside/");
        expect(url.pathname.startsWith("/root/inside/")).toBe(true);
        expect(path).not.toMatch(/[\0\\]|^[A-Za-z]:/);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("pathKey", () => {
  test.each([
    ["case", "Src/Index.JS", "src/index.js"],
    ["composed and decomposed letters", "caf\u00e9.md", "cafe\u0301.md"],
    ["both at once", "CAFE\u0301.md", "caf\u00e9.md"],
  ])("folds %s", (_what, one, other) => {
    expect(pathKey(one)).toBe(pathKey(other));
  });

  test("keeps different names apart", () => {
    expect(pathKey("a/b.js")).not.toBe(pathKey("a/c.js"));
  });

  test("of a key is the key", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (path) => {
        expect(pathKey(pathKey(path))).toBe(pathKey(path));
      }),
      { numRuns: 2000 },
    );
  });
});
