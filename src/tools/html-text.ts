const SKIPPED = new Set(["script", "style", "noscript", "template", "svg", "iframe", "textarea"]);
const BREAKING =
  /^(?:address|article|aside|blockquote|br|dd|div|dl|dt|footer|form|h[1-6]|header|hr|li|main|nav|ol|p|pre|section|table|title|tr|ul)$/;
const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
  ndash: "–",
  mdash: "—",
  hellip: "…",
};

/**
 * The words of a page, with the targets of its links in brackets, for reading and not for showing: it is no sanitizer.
 * It goes over the page once, however broken that is.
 */
export function htmlToText(html: string): string {
  const pieces: string[] = [];
  let href: string | null = null;
  for (let at = 0; at < html.length;) {
    const open = html.indexOf("<", at);
    pieces.push(decodeEntities(html.slice(at, open === -1 ? html.length : open)).replaceAll(/\s+/g, " "));
    if (open === -1) break;
    const tag = readTag(html, open);
    if (tag.text === "<") pieces.push("<");
    if (BREAKING.test(tag.name)) pieces.push("\n");
    if (tag.name === "td" || tag.name === "th") pieces.push(" ");
    if (tag.name === "a" && !tag.closes) href = hrefOf(tag.text);
    if (tag.name === "a" && tag.closes && href !== null) {
      pieces.push(` [${href}]`);
      href = null;
    }
    at = SKIPPED.has(tag.name) && !tag.closes ? endOf(tag.name, html, tag.end) : tag.end;
  }
  const lines = pieces
    .join("")
    .split("\n")
    .map((line) => line.replaceAll(/ +/g, " ").trim());
  return lines.filter((line) => line !== "").join("\n");
}

type Tag = {
  readonly name: string;
  readonly closes: boolean;
  readonly text: string;
  readonly end: number;
};

/** What begins with the "<" at `open`; what only looks like a tag is that one letter. */
function readTag(html: string, open: number): Tag {
  if (html.startsWith("<!--", open)) return skipTo("-->", html, open);
  if (html[open + 1] === "!" || html[open + 1] === "?") return skipTo(">", html, open);
  const [, slash, name] = /^<(\/?)([a-z][a-z0-9-]*)/i.exec(html.slice(open, open + 40)) ?? [];
  if (name === undefined) return { name: "", closes: false, text: "<", end: open + 1 };
  const { text, end } = skipTo(">", html, open);
  return { name: name.toLowerCase(), closes: slash === "/", text, end };
}

function skipTo(mark: string, html: string, from: number): Tag {
  const found = html.indexOf(mark, from);
  const end = found === -1 ? html.length : found + mark.length;
  return { name: "", closes: false, text: html.slice(from, end), end };
}

function endOf(name: string, html: string, from: number): number {
  const closing = new RegExp(`</${name}`, "gi");
  closing.lastIndex = from;
  return closing.exec(html)?.index ?? html.length;
}

function hrefOf(tag: string): string | null {
  const [, double, single, bare] = /\shref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+))/i.exec(tag) ?? [];
  const href = (double ?? single ?? bare ?? "").trim();
  return href === "" || href.startsWith("#") || /^(?:javascript|data):/i.test(href)
    ? null
    : decodeEntities(href);
}

function decodeEntities(text: string): string {
  return text.replaceAll(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,6}));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[name as string] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex as string, 16) : Number(decimal);
    return code > 0 && code <= 0x10_ffff && !(code >= 0xd800 && code <= 0xdfff)
      ? String.fromCodePoint(code)
      : "�";
  });
}
