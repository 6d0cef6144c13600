import { hash } from "node:crypto";
import { appendFile, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

import { afterEach, describe, expect, test } from "vitest";

import type { Deliverable } from "../ports/delivery-action.ts";
import { aDeliverable } from "./a-deliverable.testsuite.ts";
import { BUNDLE_FORMATS, type BundleFormat, buildBundle } from "./build-bundle.ts";
import { BundleError } from "./bundle-error.ts";
import { bytesOf, Unpacked } from "./unpacked.testsuite.ts";

const zone = process.env["TZ"];
afterEach(() => {
  if (zone === undefined) delete process.env["TZ"];
  else process.env["TZ"] = zone;
});

async function packed(deliverable: Deliverable, format: BundleFormat): Promise<Buffer> {
  return bytesOf(buildBundle(deliverable, format).bytes);
}

const FILES = [
  ["src/greet.js", "export const greet = () => 'héllo';\n"],
  ["README.md", "# Greeter\n"],
  ["empty.txt", ""],
] as const;

/** Names that a line of checksums, a header or a shell could stumble over. */
const ODD_NAMES = [
  "back\\slash.txt",
  "new\nline.txt",
  "return\r.txt",
  "at its end\r",
  "both\\n\n.txt",
  "-rf",
  " leading space",
  "*",
  "naïve/ünïcödé ✓.md",
  `${"deep/".repeat(40)}below.txt`,
  `${"l".repeat(250)}.txt`,
  `${"ü".repeat(120)}.txt`,
];

describe.each(BUNDLE_FORMATS)("a bundle as %s", (format) => {
  test("is unpacked and verified by the usual programs", async () => {
    await using unpacked = await Unpacked.from(await packed(aDeliverable(FILES), format), format);
    expect(unpacked.top).toMatch(/\/gru-e-fur-alle-a-greeter-4f2a91c0$/);
    expect(await unpacked.verify()).toEqual([
      "SUMMARY.md: OK",
      "files/README.md: OK",
      "files/empty.txt: OK",
      "files/src/greet.js: OK",
      "manifest.json: OK",
    ]);
    expect(await unpacked.names()).toEqual([
      "SHA256SUMS",
      "SUMMARY.md",
      "files/README.md",
      "files/empty.txt",
      "files/src/greet.js",
      "manifest.json",
    ]);
    for (const [path, content] of FILES) expect(await unpacked.read(`files/${path}`)).toBe(content);
    const { mode, mtime } = await stat(join(unpacked.top, "files/README.md"));
    expect((mode & 0o777).toString(8)).toBe("644");
    expect(mtime.toISOString()).toBe("2026-02-03T04:05:06.000Z");
  });

  test("does not verify once a file was changed", async () => {
    await using unpacked = await Unpacked.from(await packed(aDeliverable(FILES), format), format);
    await appendFile(join(unpacked.top, "files/README.md"), "!");
    await expect(unpacked.verify()).rejects.toThrow(/1 computed checksum did NOT match/);
  });

  test("keeps names that are odd, and verifies them", async () => {
    const files = ODD_NAMES.map((name, index) => [name, `content ${index}\n`] as const);
    await using unpacked = await Unpacked.from(await packed(aDeliverable(files), format), format);
    const names = await unpacked.names();
    expect(names.filter((name) => name.startsWith("files/"))).toEqual(
      ODD_NAMES.map((name) => `files/${name}`).toSorted(),
    );
    expect(await unpacked.verify()).toHaveLength(ODD_NAMES.length + 2);
    for (const [name, content] of files) expect(await unpacked.read(`files/${name}`)).toBe(content);
  });

  test("has the same bytes for the same work, whatever the order and the time zone", async () => {
    process.env["TZ"] = "Pacific/Kiritimati";
    const east = await packed(aDeliverable(FILES), format);
    process.env["TZ"] = "America/Los_Angeles";
    const { artifacts, ...rest } = aDeliverable(FILES);
    const west = await packed({ ...rest, artifacts: artifacts.toReversed() }, format);
    expect(hash("sha256", west, "hex")).toBe(hash("sha256", east, "hex"));
    const later = await packed(aDeliverable(FILES, { at: "2026-02-03T04:05:07.000Z" }), format);
    expect(later.equals(east)).toBe(false);
  });

  test("holds what has no file, too", async () => {
    const empty = aDeliverable([], {
      title: "—",
      summary: "",
      delivery_notes: "",
      deleted: [],
      imported: null,
    });
    await using unpacked = await Unpacked.from(await packed(empty, format), format);
    expect(await unpacked.verify()).toEqual(["SUMMARY.md: OK", "manifest.json: OK"]);
    expect(await readdir(unpacked.top)).not.toContain("files");
    expect(unpacked.top).toMatch(/\/workflow-4f2a91c0$/);
  });
});

test("a name beyond ASCII is told with its encoding, and the system that packed is not", async () => {
  const bytes = await packed(aDeliverable([["ünïcödé.md", ""]]), "tar.gz");
  expect(gunzipSync(bytes).toString()).toMatch(
    /\d+ path=gru-e-fur-alle-a-greeter-4f2a91c0\/files\/ünïcödé\.md\n/,
  );
  expect(bytes[9]).toBe(255);
});

test("the bundle says as what it is saved", () => {
  const deliverable = aDeliverable(FILES, { title: 'a"b/../c\r\nd' });
  expect(buildBundle(deliverable, "zip")).toMatchObject({
    file_name: "a-b-c-d-4f2a91c0.zip",
    media_type: "application/zip",
  });
  expect(buildBundle(deliverable, "tar.gz")).toMatchObject({
    file_name: "a-b-c-d-4f2a91c0.tar.gz",
    media_type: "application/gzip",
  });
});

test.each([
  ["../out.txt", "segment"],
  ["a/../../out.txt", "segment"],
  ["a/./b", "segment"],
  ["a\\..\\..\\out.txt", "segment"],
  ["/etc/passwd", "absolute"],
  ["\\\\server\\share", "absolute"],
  ["C:\\x", "drive"],
  ["c:x", "drive"],
  ["a\0b", "NUL"],
  ["a//b", "empty segment"],
  ["a/", "empty segment"],
  ["", "no name"],
  ["\ud800", "Unicode"],
])("a tree with %j is not packed", (path, reason) => {
  const deliverable = aDeliverable([
    ["good.txt", "good"],
    [path, "bad"],
  ]);
  for (const format of BUNDLE_FORMATS) {
    expect(() => buildBundle(deliverable, format)).toThrow(BundleError);
    expect(() => buildBundle(deliverable, format)).toThrow(reason);
  }
});

test("a file in the place of a directory, and the same path twice, are not packed", () => {
  expect(() =>
    buildBundle(
      aDeliverable([
        ["a", "1"],
        ["a/b", "2"],
      ]),
      "zip",
    ),
  ).toThrow(/lies in "a"/);
  expect(() =>
    buildBundle(
      aDeliverable([
        ["a", "1"],
        ["a", "2"],
      ]),
      "zip",
    ),
  ).toThrow(/same path/);
});

test("the manifest names the work, what was asked of it and what was seen", async () => {
  const deliverable = aDeliverable([
    ["CON.txt", "1"],
    ["dot.", "2"],
    ["Same.txt", "3"],
    ["same.TXT", "4"],
    ["what?", "5"],
    ["plain.txt", "6", { kind: "document", changed: false }],
  ]);
  await using unpacked = await Unpacked.from(await packed(deliverable, "tar.gz"), "tar.gz");
  const text = await unpacked.read("manifest.json");
  const manifest = JSON.parse(text) as Record<string, unknown>;
  expect(manifest).toMatchObject({
    workflow: { id: deliverable.workflow_id, title: deliverable.title, request: "Write a greeter." },
    verdict: "verified",
    tree_hash: deliverable.tree_hash,
    imported: { commit: deliverable.imported?.commit, path: "packages/site" },
    deleted: ["old.js"],
    criteria: [
      { id: "AC1", level: "must", verdict: "met", evidence: "It ran.", receipt: "r1" },
      { id: "AC2", verdict: "unknown", receipt: null },
    ],
    receipts: [{ id: "r1", command: "node --test", exit_code: 0, duration_ms: 41, status: "passed" }],
    findings: [{ id: "f1", status: "open" }],
  });
  expect(manifest["files"]).toContainEqual({
    path: "plain.txt",
    sha256: hash("sha256", "6", "hex"),
    size: 1,
    kind: "document",
    description: "What plain.txt is for.",
    changed: false,
  });
  expect(manifest["warnings"]).toEqual([
    expect.stringMatching(/^"CON\.txt": .*device/),
    expect.stringMatching(/^"dot\.": .*dot/),
    expect.stringMatching(/^"same\.TXT": .*"Same\.txt"/),
    expect.stringMatching(/^"what\?": Windows allows none/),
  ]);
  expect(text).not.toContain("hunter2");
  expect(text).not.toContain("git.example");
});

test("the summary stays readable whatever the models wrote", async () => {
  const deliverable = aDeliverable([["a.txt", "a"]], {
    title: "A | <b>title</b>\n# second",
    summary: "Look:\n```js\nnever closed",
    delivery_notes: "And <!-- also never",
  });
  await using unpacked = await Unpacked.from(await packed(deliverable, "zip"), "zip");
  const summary = await unpacked.read("SUMMARY.md");
  expect(summary.split("\n")[0]).toBe("# A \\| \\<b\\>title\\</b\\> \\# second");
  expect(summary).toContain("never closed\n```");
  expect(summary).toContain("And <!-- also never -->");
  expect(summary).toContain("| AC1 | must | It greets. | met | It ran. | r1 |");
  expect(summary).toContain("| r1 | greets | `node --test` | passed | 0 | 41 ms |");
  expect(summary).toContain("f1 (warning, open): It does not say goodbye.");
});
