import { Marked, type RendererObject, type Tokens } from "marked";

import { escapeHtml } from "./escape-html.ts";

/**
 * Markdown of a model as HTML that runs nothing and loads nothing: its own HTML is shown as text, images are links, and
 * links lead to the web or into the page. Throws a RangeError when it is nested too deeply.
 */
export function renderMarkdown(markdown: string): string {
  const marked = new Marked({ async: false, gfm: true, renderer: RENDERER });
  return marked.parse(markdown, { async: false });
}

/** Everything that the library would pass on as it stands is made here instead. */
const RENDERER: RendererObject = {
  html: ({ text, block }) => (block ? `<pre>${escapeHtml(text)}</pre>\n` : escapeHtml(text)),
  text(token) {
    if ("tokens" in token && token.tokens) return this.parser.parseInline(token.tokens);
    return shown(token.text);
  },
  code: ({ text }) => `<pre><code>${escapeHtml(text)}\n</code></pre>\n`,
  codespan: ({ text }) => `<code>${escapeHtml(text)}</code>`,
  checkbox: ({ checked }) => (checked ? "&#9745; " : "&#9744; "),
  link({ href, tokens }) {
    return linked(href, this.parser.parseInline(tokens));
  },
  image: ({ href, text }: Tokens.Image) => linked(href, escapeHtml(text === "" ? "image" : text)),
};

const SCHEMES = new Set(["http:", "https:", "mailto:"]);
/** What a relative address is resolved against; one that leads away from here names a host without a scheme. */
const HERE = "https://page.invalid/";

function linked(given: string, label: string): string {
  const href = given.replaceAll("&amp;", "&");
  // What stands there after the escaping is read by a browser just as it is here.
  if (!URL.canParse(href, HERE)) return label;
  const { protocol, origin } = new URL(href, HERE);
  const hasScheme = /^[a-z][a-z0-9+.-]*:/i.test(href);
  if (!SCHEMES.has(protocol) || (!hasScheme && origin !== new URL(HERE).origin)) return label;
  return `<a href="${escapeHtml(href)}" rel="noopener noreferrer nofollow">${label}</a>`;
}

/** Characters that are written by their names stay so; they can't be more than characters. */
function shown(text: string): string {
  return escapeHtml(text).replaceAll(/&amp;(#\d{1,7}|#x[\da-f]{1,6}|[a-z][a-z\d]{1,31});/gi, "&$1;");
}
