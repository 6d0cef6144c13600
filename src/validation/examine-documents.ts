import { posix } from "node:path";

import type { ContentFindings, ContentJob } from "./content-job.ts";
import { anchorsOf, foldAnchor, targetsOf } from "./document-links.ts";
import { quoted } from "./found-text.ts";
import { blockTexts, headingsOf, type Markdown, parseMarkdown } from "./markdown.ts";
import { unfinishedMarker } from "./unfinished-marker.ts";

type Document = { readonly path: string; readonly markdown: Markdown; anchors: ReadonlySet<string> | null };
type Tree = { readonly documents: ReadonlyMap<string, Document>; readonly places: ReadonlySet<string> };

/** Folders that tools make when the tree is built: links into them are good later. */
const MADE_LATER =
  /(^|\/)(dist|build|coverage|target|out|_build|_site|site|public|node_modules|generated|htmlcov)\//i;

export function examineDocuments(
  { documents, paths }: Extract<ContentJob, { kind: "documents" }>,
  tellAt: (path: string) => void,
): ContentFindings {
  const problems: string[] = [];
  const notes: string[] = [];
  const parsed = new Map<string, Document>();
  for (const [path, text] of documents) {
    tellAt(path);
    try {
      parsed.set(path, { path, markdown: parseMarkdown(text), anchors: null });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      problems.push(`${path} is nested too deeply to be read`);
    }
  }
  const tree = { documents: parsed, places: placesOf(paths) };
  for (const document of parsed.values()) {
    tellAt(document.path);
    problems.push(...headingProblems(document), ...linkProblems(document, tree), ...markerProblems(document));
    notes.push(...levelNotes(document));
  }
  return { problems, notes };
}

/** All files and all directories. */
function placesOf(paths: readonly string[]): ReadonlySet<string> {
  const places = new Set<string>(["."]);
  for (const path of paths) {
    for (let place = path; place !== "." && !places.has(place); place = posix.dirname(place))
      places.add(place);
  }
  return places;
}

function headingProblems({ path, markdown }: Document): string[] {
  const empty = headingsOf(markdown).filter(({ text, raw }) => text === "" && !/!\[|<img\b/i.test(raw));
  return empty.length === 0
    ? []
    : [`${path} has ${empty.length} heading${empty.length > 1 ? "s" : ""} without text`];
}

function levelNotes({ path, markdown }: Document): string[] {
  const headings = headingsOf(markdown);
  return headings.flatMap((heading, index) => {
    const before = headings[index - 1];
    if (before === undefined || heading.depth <= before.depth + 1) return [];
    return [`${path}: heading ${quoted(heading.text)} jumps from level ${before.depth} to ${heading.depth}`];
  });
}

function markerProblems({ path, markdown }: Document): string[] {
  // A list of what is to be done is finished work.
  if (/(^|\/)(todo|roadmap|backlog|changelog)[^/]*$/i.test(path)) return [];
  const markers = blockTexts(markdown).flatMap((text) => unfinishedMarker(text) ?? []);
  return [...new Set(markers)].map((marker) => `${path} is unfinished: it says ${quoted(marker)}`);
}

function linkProblems(document: Document, tree: Tree): string[] {
  const targets = new Set(targetsOf(document.markdown));
  return [...targets].flatMap((target) => {
    const problem = problemOfLink(document, target, tree);
    return problem === null ? [] : [`${document.path} links to ${quoted(target)}, ${problem}`];
  });
}

function problemOfLink(document: Document, target: string, tree: Tree): string | null {
  const link = target.trim();
  // Other sites, and the root of a site whose shape is not known.
  if (link === "" || /^([a-z][a-z\d+.-]*:|\/)/i.test(link)) return null;
  const [place = "", anchor = ""] = decode(link).split("#", 2);
  const file = place.split("?", 1)[0] ?? "";
  if (file === "") return problemOfAnchor(document, anchor);
  const path = posix.normalize(posix.join(posix.dirname(document.path), file)).replace(/\/$/, "");
  // Above the root lie pages of the site that shows the repository: badges, issues.
  if (path.startsWith("..") || MADE_LATER.test(`${path}/`)) return null;
  const candidates = [path, `${path}.md`, path.replace(/\.html?$/i, ".md"), `${path}/index.md`];
  const found = candidates.find((candidate) => tree.places.has(candidate));
  if (found === undefined) return `which is not in the tree`;
  const linked = tree.documents.get(found);
  return linked === undefined ? null : problemOfAnchor(linked, anchor);
}

function problemOfAnchor(document: Document, anchor: string): string | null {
  // Lines of a file and the top of a page are made by the site.
  if (anchor === "" || /^(top|L\d+.*|:~:.*)$/i.test(anchor)) return null;
  document.anchors ??= anchorsOf(document.markdown);
  if (document.anchors.has(foldAnchor(anchor))) return null;
  return `but ${document.path} has no heading for #${anchor}`;
}

function decode(link: string): string {
  try {
    return decodeURIComponent(link);
  } catch {
    return link;
  }
}
