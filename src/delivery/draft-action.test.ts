import { describe, expect, test } from "vitest";

import { aDeliverable } from "../bundle/a-deliverable.testsuite.ts";
import type { ArtifactKind } from "../core/documents.ts";
import { type DeliveredArtifact, DeliveryError } from "../ports/delivery-action.ts";
import { blogDraftAction } from "./blog-draft/blog-draft-action.ts";
import { deliveryActionSuite, deliveryContext } from "./delivery-action.testsuite.ts";
import { docDraftAction } from "./doc-draft/doc-draft-action.ts";

const nothing = { result: () => Promise.resolve(null), close: () => Promise.resolve() };
deliveryActionSuite("blog-draft", () => Promise.resolve({ action: blogDraftAction, config: {}, ...nothing }));
deliveryActionSuite("doc-draft", () => Promise.resolve({ action: docDraftAction, config: {}, ...nothing }));

type File = readonly [kind: ArtifactKind, path: string, content?: string, more?: Partial<DeliveredArtifact>];

function contextOf(...files: readonly File[]) {
  const { artifacts } = aDeliverable(
    files.map(([kind, path, content = `# About ${path}\n\nText.\n`, more]) => [
      path,
      content,
      { kind, ...more },
    ]),
  );
  return deliveryContext([], { artifacts });
}

async function sourceOf(action: typeof blogDraftAction, ...files: readonly File[]) {
  const { effects } = await action.preview({}, contextOf(...files));
  return effects[0]?.split(" ").at(-1);
}

test("the draft and its page are made of the same text", async () => {
  const context = contextOf(["blog_post", "post.md", "\n# Why we greet\n\nBecause **we** can.\n"]);
  const { documents, links, metadata } = await blogDraftAction.deliver({}, context);
  expect(links).toEqual([]);
  expect(metadata).toEqual([
    { name: "source", value: "post.md" },
    { name: "title", value: "Why we greet" },
  ]);
  expect(documents?.map(({ name, media_type }) => [name, media_type])).toEqual([
    ["draft.md", "text/markdown"],
    ["draft.html", "text/html"],
  ]);
  expect(documents?.[0]?.content).toContain('title: "Why we greet"\n');
  expect(documents?.[1]?.content).toContain("<h1>Why we greet</h1>\n<p>Because <strong>we</strong> can.</p>");
});

describe("the text that is chosen", () => {
  const files: readonly File[] = [
    ["blog_post", "first.md"],
    ["blog_post", "second.md"],
    ["document", "guide.md"],
    ["report", "report.md"],
    ["code", "code.js"],
  ];

  test("is the newest article for a blog, and the newest document or report else", async () => {
    expect(await sourceOf(blogDraftAction, ...files)).toBe("second.md");
    expect(await sourceOf(docDraftAction, ...files)).toBe("report.md");
  });

  test("is of the other kinds when there is none of the first", async () => {
    expect(await sourceOf(blogDraftAction, ...files.slice(2))).toBe("guide.md");
    expect(await sourceOf(docDraftAction, files[0]!, files[4]!)).toBe("first.md");
  });

  test("is one that was written here rather than one that was there before, and none without text", async () => {
    const before = ["blog_post", "before.md", "# Old\n", { changed: false }] as const;
    expect(await sourceOf(blogDraftAction, files[0]!, before, ["blog_post", "empty.md", " \n"])).toBe(
      "first.md",
    );
    expect(await sourceOf(blogDraftAction, before)).toBe("before.md");
  });

  test.each([
    [blogDraftAction, "blog_post, markdown, document"],
    [docDraftAction, "document, markdown, report, blog_post"],
  ])("is missed with the kinds that were looked for", async (action, kinds) => {
    for (const failed of [
      action.deliver({}, contextOf(files[4]!)),
      action.preview({}, contextOf(files[4]!)),
    ]) {
      await expect(failed).rejects.toThrow(DeliveryError);
      await expect(failed).rejects.toThrow(`none of the 1 files is of the kind ${kinds}`);
    }
  });
});
