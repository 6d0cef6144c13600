import { expect, test } from "vitest";

import { aDeliverable } from "../../bundle/a-deliverable.testsuite.ts";
import { DeliveryError } from "../../ports/delivery-action.ts";
import { deliveryActionSuite, deliveryContext } from "../delivery-action.testsuite.ts";
import { exportedMarkdown } from "./exported-markdown.ts";
import { markdownExportAction } from "./markdown-export-action.ts";

deliveryActionSuite("markdown-export", () =>
  Promise.resolve({
    action: markdownExportAction,
    config: {},
    result: () => Promise.resolve(null),
    close: () => Promise.resolve(),
  }),
);

const deliverable = aDeliverable([
  ["src/fence.md.js", "const fence = '````';\n"],
  ["docs/guide.md", "---\ntitle: Guide\n---\n# Guide\n\n```sh\nnever closed\n"],
  ["notes.txt", "Plain notes."],
  ["old.md", "As it was.\n", { changed: false }],
  ["image.bin", "\0\u0001"],
]);

test("one document holds the report, then documents, then code", () => {
  const markdown = exportedMarkdown(deliverable);
  expect(markdown.split("\n").filter((line) => /^#{1,2} /.test(line))).toEqual([
    "# Grüße für alle: a greeter",
    "## Notes",
    "## Criteria",
    "## Receipts",
    "## Findings that stay",
    "## docs/guide.md",
    "# Guide",
    "## notes.txt",
    "## src/fence.md.js",
    "## image.bin",
    "## Deleted",
  ]);
  expect(markdown).toContain("**Verdict:** verified");
  expect(markdown).toContain("| AC1 | must | It greets. | met | It ran. | r1 |");
  expect(markdown).toContain("`````js\nconst fence = '````';\n`````\n");
  expect(markdown).toContain("```yaml\ntitle: Guide\n```\n\n# Guide\n\n```sh\nnever closed\n```\n");
  expect(markdown).toContain("- old.js\n");
  expect(markdown).toContain("1 more files are as they were and are not shown.");
  expect(markdown).not.toContain("As it was.");
  expect(markdown).not.toContain("\0");
});

test("the page of it keeps code as code", async () => {
  const context = { ...deliveryContext([]), ...deliverable };
  const { documents, links } = await markdownExportAction.deliver({}, context);
  expect(links).toEqual([]);
  expect(documents?.map(({ name, media_type }) => [name, media_type])).toEqual([
    ["export.md", "text/markdown"],
    ["export.html", "text/html"],
  ]);
  const html = documents?.[1]?.content ?? "";
  expect(html).toContain("<pre><code>const fence = &#39;````&#39;;\n</code></pre>");
  expect(html).toContain("<td>It greets.</td>");
});

test("what is too much for one document is refused, with what holds it", async () => {
  const context = deliveryContext([["big.txt", "x".repeat(17 * 1024 ** 2)]]);
  const failed = markdownExportAction.deliver({}, context);
  await expect(failed).rejects.toThrow(DeliveryError);
  await expect(failed).rejects.toThrow(/17 MiB.*16 MiB.*artifact-bundle/);
});
