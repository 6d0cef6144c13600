import type { Token, Tokens } from "marked";

import { headingsOf, type Markdown, walk, withoutComments } from "./markdown.ts";

/** Filled in by a template engine. */
const TEMPLATE = /\{\{|\}\}|\$\{|<%|\{%/;

/** Where links and images lead to, without code; addresses of other sites among them, footnotes and templates not. */
export function targetsOf(markdown: Markdown): readonly string[] {
  const targets: string[] = [];
  walk(markdown, (token: Token) => {
    if (TEMPLATE.test(token.raw)) return;
    if ((token.type === "link" && !token.raw.startsWith("[^")) || token.type === "image")
      targets.push((token as Tokens.Link | Tokens.Image).href);
    if (token.type !== "html") return;
    const addresses = withoutComments(token.raw).matchAll(
      /<(?:a|img)\b[^>]*?\b(?:href|src)\s*=\s*["']([^"']+)["']/gi,
    );
    // Lists of contributors are made with anchors that lead nowhere.
    targets.push(
      ...[...addresses].map((match) => match[1] ?? "").filter((address) => !address.startsWith("#")),
    );
  });
  return targets;
}

/** The anchors of a document as GitHub makes them, in folded form. */
export function anchorsOf(markdown: Markdown): ReadonlySet<string> {
  const anchors = new Set<string>();
  const seen = new Map<string, number>();
  for (const { text } of headingsOf(markdown)) {
    const named = /^(.*?)\s*\{#([^}\s]+)\}$/.exec(text);
    if (named !== null) anchors.add(foldAnchor(named[2] ?? ""));
    const slug = slugOf(named?.[1] ?? text);
    const before = seen.get(slug) ?? 0;
    seen.set(slug, before + 1);
    anchors.add(foldAnchor(before === 0 ? slug : `${slug}-${before}`));
  }
  walk(markdown, (token) => {
    if (token.type !== "html") return;
    for (const match of token.raw.matchAll(/\b(?:id|name)\s*=\s*["']?([^"'\s>]+)/gi))
      anchors.add(foldAnchor(match[1] ?? ""));
  });
  return anchors;
}

/** https://github.com/Flet/github-slugger has the rules: punctuation goes, spaces become dashes. */
function slugOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, "")
    .replaceAll(" ", "-");
}

/** Other sites collapse dashes and trim them: what differs in that alone is the same. */
export function foldAnchor(anchor: string): string {
  return anchor
    .toLowerCase()
    .replace(/^user-content-/, "")
    .replaceAll(/-+/g, "-")
    .replaceAll(/^-|-$/g, "");
}
