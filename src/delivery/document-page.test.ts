import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { documentPage } from "./document-page.ts";
import { renderMarkdown } from "./render-markdown.ts";

const idle = new AbortController().signal;
const page = (markdown: string) => documentPage({ title: "A <title> & more", markdown }, idle);

const TAGS =
  "a blockquote br code del em h1 h2 h3 h4 h5 h6 hr li ol p pre strong table tbody td th thead tr ul".split(
    " ",
  );
const ATTRIBUTES = /^( href="[^"<>]*" rel="noopener noreferrer nofollow"| (start|align)="[a-z0-9]+"| \/)?$/;

/** What stands in the page besides text: every tag with its attributes. */
function tagsIn(html: string): string[] {
  return [...html.matchAll(/<([^>]*)>?/g)].map(([, inner]) => inner ?? "");
}

/** What is in the HTML that should not be. */
function strangersIn(html: string): string[] {
  return tagsIn(html).filter((tag) => {
    const [, name = "", attributes = ""] = /^\/?([a-z0-9]*)([^]*)$/.exec(tag) ?? [];
    const href = / href="([^"]*)"/.exec(attributes)?.[1]?.replaceAll("&amp;", "&");
    const bad = href !== undefined && !isHarmless(href);
    return bad || !TAGS.includes(name) || !ATTRIBUTES.test(attributes);
  });
}

function isHarmless(href: string): boolean {
  const { protocol, hostname } = new URL(href, "file:///here");
  return ["http:", "https:", "mailto:"].includes(protocol) || (protocol === "file:" && hostname === "");
}

const HOSTILE = [
  "<script>alert(1)</script>",
  "text <script>alert(1)</script> text",
  "a <script> <img src=x onerror=alert(1) ",
  "<img src=x onerror=alert(1)>",
  "<pre>\n<svg onload=alert(1)>\n</pre>",
  "a <pre><b onclick=alert(1)>",
  "<a href='javascript:alert(1)'>x</a>",
  "[x](javascript:alert(1))",
  "[x](JaVaScRiPt:alert(1))",
  "[x](<java\tscript:alert(1)>)",
  "[x](&#106;avascript:alert(1))",
  "[x](&#x6A&#x61;vascript&colon;alert(1))",
  "[x](\u0001javascript:alert(1))",
  "[x](vbscript:msgbox(1))",
  "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
  "[x](file:///etc/passwd)",
  "[x](//evil.example/x)",
  "[x](\\\\evil.example\\x)",
  "[x](/\\evil.example/x)",
  "<javascript:alert(1)>",
  '[x](https://a.example/"onmouseover="alert(1))',
  '[x](https://a.example "title\\" onclick=alert(1)")',
  "[x][1]\n\n[1]: javascript:alert(1)",
  "![x](https://evil.example/pixel.png)",
  "![x](data:image/svg+xml,<svg onload=alert(1)>)",
  '![x" onerror="alert(1)](https://a.example/p.png)',
  "```html\n</code></pre><script>alert(1)</script>\n```",
  '```"><script>alert(1)</script>\nx\n```',
  "`</code><script>alert(1)</script>`",
  "# <script>alert(1)</script>",
  "| <script>a</script> | b |\n|---|:-:|\n| `x` | <b onclick=a> |",
  "- [x] <script>alert(1)</script>",
  "&lt;script&gt; &#60;script&#62; &amp;lt;",
  "<style>*{background:url(https://evil.example)}</style>",
  "<!-- <script> --><script>alert(1)</script>",
  "<meta http-equiv=refresh content='0;url=https://evil.example'>",
  "</body></html><script>alert(1)</script>",
  "<https://a.example/?a=<script>>",
];

test.each(HOSTILE)("%s becomes text or a harmless link", (markdown) => {
  const html = renderMarkdown(markdown);
  expect(strangersIn(html)).toEqual([]);
  expect(html).not.toBe("");
});

test("so does any mixture of it", () => {
  const piece = fc.oneof(
    fc.constantFrom(
      ...HOSTILE,
      "\n\n",
      "\n",
      "    ",
      "> ",
      "- ",
      "1. ",
      "[",
      "](",
      ")",
      "<",
      ">",
      "`",
      "```",
      "**",
      "|",
      "&",
      "\\",
    ),
    fc.string({ maxLength: 8, unit: "binary" }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      expect(strangersIn(renderMarkdown(pieces.join("")))).toEqual([]);
    }),
    { numRuns: 100 },
  );
}, 30_000);

describe("a page", () => {
  test("stands for itself", async () => {
    const html = await page(
      "# Hello\n\nA [link](https://a.example/?a=1&b=2), ![an image](https://a.example/p.png).\n",
    );
    expect(html).toMatch(/^<!doctype html>\n<html>\n<head>\n<meta charset="utf-8">/);
    expect(html).toContain("<title>A &lt;title&gt; &amp; more</title>");
    expect(html).toContain("default-src 'none'; style-src 'unsafe-inline'");
    expect(html).toContain("<h1>Hello</h1>");
    expect(html).toContain(
      '<a href="https://a.example/?a=1&amp;b=2" rel="noopener noreferrer nofollow">link</a>',
    );
    expect(html).toContain(
      '<a href="https://a.example/p.png" rel="noopener noreferrer nofollow">an image</a>',
    );
    expect(html).not.toMatch(/<(script|img|link|iframe|object)|url\(|@import/);
  });

  test("keeps links into itself and beside it", () => {
    const html = renderMarkdown("[a](#part) [b](other.md) [c](mailto:a@b.example) https://c.example");
    expect([...html.matchAll(/href="([^"]*)"/g)].map(([, href]) => href)).toEqual([
      "#part",
      "other.md",
      "mailto:a@b.example",
      "https://c.example",
    ]);
  });

  test("shows as it is written what takes too long to read", async () => {
    const html = await documentPage({ title: "t", markdown: "![[]()<b>".repeat(60_000) }, idle, 50);
    expect(html).toContain('<pre class="source">![[]()&lt;b&gt;![');
  });

  test("shows as it is written what is very long", async () => {
    const html = await page(`# Long\n${"x".repeat(1_000_000)}`);
    expect(html).toContain('<pre class="source"># Long\n');
  });

  test("is not made any more once it is not wanted", async () => {
    const stop = new AbortController();
    const made = documentPage({ title: "t", markdown: "![[]()".repeat(100_000) }, stop.signal);
    stop.abort(new Error("stopped"));
    await expect(made).rejects.toThrow("stopped");
  });
});
