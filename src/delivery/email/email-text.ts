import type { Deliverable } from "../../ports/delivery-action.ts";
import { escapeHtml } from "../escape-html.ts";

type Section = {
  readonly heading: string | null;
  readonly paragraphs: readonly string[];
  readonly list: readonly string[];
};

export type EmailText = { readonly text: string; readonly html: string };

const LONGEST_LINE = 200;

/** The same message twice: as plain text, and as HTML in which nothing of the work is markup. */
export function emailText(deliverable: Deliverable, notes: readonly string[]): EmailText {
  const title = oneLine(deliverable.title);
  const sections = sectionsOf(deliverable, notes);
  return { text: [title, ...sections.map(asText)].join("\n\n") + "\n", html: asPage(title, sections) };
}

/** A line that ends no header and hides nothing: no controls, breaks or turns of direction. */
export function oneLine(text: string): string {
  const line = text
    .replaceAll(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\s]+/gu, " ")
    .trim();
  return line.length <= LONGEST_LINE
    ? line
    : `${line.slice(0, LONGEST_LINE).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

function sectionsOf(deliverable: Deliverable, notes: readonly string[]): Section[] {
  const { workflow_id, report, artifacts, summary, delivery_notes } = deliverable;
  const changed = artifacts.filter((artifact) => artifact.changed);
  const criteria = report.criteria.map(
    ({ id, level, text, verdict }) => `[${verdict}] ${id} (${level}): ${oneLine(text)}`,
  );
  const files = changed.map(
    ({ path, kind, content }) => `${oneLine(path)} (${kind}, ${Buffer.byteLength(content)} bytes)`,
  );
  const whole = `The whole result is the bundle of workflow ${workflow_id}: orca workflows bundle ${workflow_id}, or GET /api/v1/workflows/${workflow_id}/bundle of the server that did the work.`;
  const sections: Section[] = [
    { heading: null, paragraphs: [`Verdict: ${report.verdict ?? "none"}`, shown(summary)], list: [] },
    { heading: "Notes", paragraphs: [shown(delivery_notes)], list: [] },
    { heading: "Criteria", paragraphs: [], list: criteria },
    { heading: "Files", paragraphs: [], list: files },
  ];
  const told = sections.filter(
    ({ paragraphs, list }) => list.length > 0 || paragraphs.some((text) => text !== ""),
  );
  return [...told, { heading: null, paragraphs: [...notes, whole], list: [] }];
}

/** Lines stay lines. */
function shown(text: string): string {
  return text
    .replaceAll("\r\n", "\n")
    .replaceAll(/[^\P{Cc}\n\t]/gu, "")
    .toWellFormed()
    .trim();
}

function asText({ heading, paragraphs, list }: Section): string {
  const said = paragraphs.filter((text) => text !== "");
  const lines = list.map((item) => `- ${item}`).join("\n");
  const title = heading === null ? [] : [`${heading}\n${"-".repeat(heading.length)}`];
  return [...title, ...said, ...(lines === "" ? [] : [lines])].join("\n\n");
}

function asPage(title: string, sections: readonly Section[]): string {
  const body = [`<h1>${escapeHtml(title)}</h1>`, ...sections.map(asHtml)].join("\n");
  return `<!doctype html>\n<html><head><meta charset="utf-8"><title>${escapeHtml(title)}</title></head>\n<body>\n${body}\n</body></html>\n`;
}

function asHtml({ heading, paragraphs, list }: Section): string {
  const title = heading === null ? [] : [`<h2>${escapeHtml(heading)}</h2>`];
  const said = paragraphs
    .filter((text) => text !== "")
    .map((text) => `<p style="white-space: pre-wrap">${escapeHtml(text)}</p>`);
  const items = list.map((item) => `<li>${escapeHtml(item)}</li>`);
  return [...title, ...said, ...(items.length === 0 ? [] : ["<ul>", ...items, "</ul>"])].join("\n");
}
