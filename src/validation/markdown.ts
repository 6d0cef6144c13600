import { marked, type Token, type Tokens } from "marked";

export type Markdown = { readonly tokens: readonly Token[] };
export type Heading = { readonly text: string; readonly depth: number; readonly raw: string };

/** Throws a RangeError when it is nested too deeply. */
export function parseMarkdown(text: string): Markdown {
  // What stands between --- lines at the top is read by site generators.
  const body = text.replace(/^\uFEFF?---\r?\n[^]*?\r?\n(---|\.\.\.)[ \t]*(\r?\n|$)/, "");
  return { tokens: marked.lexer(body) };
}

/** Every token in the order of the text, also those within others. */
export function walk(markdown: Markdown, visit: (token: Token) => void): void {
  const visitAll = (tokens: readonly Token[]): void => {
    for (const token of tokens) {
      visit(token);
      visitAll(childrenOf(token));
    }
  };
  visitAll(markdown.tokens);
}

function childrenOf(token: Token): readonly Token[] {
  if (token.type === "list") return (token as Tokens.List).items;
  if (token.type === "table") {
    const { header, rows } = token as Tokens.Table;
    return [header, ...rows].flat().flatMap((cell) => cell.tokens);
  }
  return "tokens" in token && token.tokens ? token.tokens : [];
}

/** Written with # or underlined, or as HTML. */
export function headingsOf(markdown: Markdown): readonly Heading[] {
  const headings: Heading[] = [];
  walk(markdown, (token) => {
    if (token.type === "heading") {
      const heading = token as Tokens.Heading;
      headings.push({ text: plainText(heading.tokens).trim(), depth: heading.depth, raw: heading.raw });
    } else if (token.type === "html") {
      for (const [raw, depth, inner] of withoutComments(token.raw).matchAll(
        /<h([1-6])\b[^>]*>(.*?)<\/h\1>/gis,
      ))
        headings.push({ text: withoutTags(inner ?? "").trim(), depth: Number(depth), raw });
    }
  });
  return headings;
}

/** What a reader sees, without code blocks when `walkTokens` gives none. */
export function plainText(tokens: readonly Token[]): string {
  return tokens.map(textOfToken).join("");
}

function textOfToken(token: Token): string {
  switch (token.type) {
    case "text":
    case "escape":
    case "codespan":
      return "tokens" in token && token.tokens
        ? plainText(token.tokens)
        : decodeEntities(String(token["text"]));
    case "image":
      return String(token["text"]);
    case "br":
      return " ";
    case "html":
      return "";
    default:
      return "tokens" in token && token.tokens ? plainText(token.tokens) : "";
  }
}

/** The text of each block (paragraph, heading, list item, table cell) without code, codes of HTML and markup. */
export function blockTexts(markdown: Markdown): readonly string[] {
  const texts: string[] = [];
  const visit = (tokens: readonly Token[]): void => {
    for (const token of tokens) {
      if (token.type === "list") for (const item of (token as Tokens.List).items) visit(item.tokens);
      else if (token.type === "table") texts.push(...cellsOf(token as Tokens.Table));
      else if (token.type === "blockquote") visit((token as Tokens.Blockquote).tokens);
      else if (token.type === "html") texts.push(withoutTags(withoutComments(token.raw)));
      else if (token.type !== "code" && token.type !== "space" && token.type !== "def")
        texts.push(proseOf([token]));
    }
  };
  visit(markdown.tokens);
  return texts;
}

function cellsOf(table: Tokens.Table): string[] {
  return [table.header, ...table.rows].flatMap((row) => row.map((cell) => proseOf(cell.tokens)));
}

function proseOf(tokens: readonly Token[]): string {
  return tokens
    .map((token) => {
      if (token.type === "codespan") return " ";
      if ("tokens" in token && token.tokens) return proseOf(token.tokens);
      return textOfToken(token);
    })
    .join("");
}

/** Scripts that are written without spaces between words. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Khmer}\p{Script=Lao}]/u;

/** Words of prose: what stands between spaces and has a letter or a digit. */
export function countWords(content: Markdown | string): number {
  const text = typeof content === "string" ? content : blockTexts(content).join("\n");
  let count = 0;
  for (const word of text.split(/\s+/)) {
    if (UNSPACED.test(word)) count += countUnspaced(word);
    else if (/[\p{L}\p{N}]/u.test(word)) count += 1;
  }
  return count;
}

function countUnspaced(text: string): number {
  const segments = new Intl.Segmenter(undefined, { granularity: "word" }).segment(text);
  return [...segments].filter((segment) => segment.isWordLike === true).length;
}

export function withoutComments(html: string): string {
  return html.replaceAll(/<!--[^]*?(-->|$)/g, "");
}

function withoutTags(html: string): string {
  return decodeEntities(html.replaceAll(/<[^>]*>/g, ""));
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&amp;": "&",
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&#39;": "'",
  "&nbsp;": " ",
};

function decodeEntities(text: string): string {
  return text.replaceAll(/&(amp|lt|gt|quot|#39|nbsp);/g, (entity) => ENTITIES[entity] ?? entity);
}
