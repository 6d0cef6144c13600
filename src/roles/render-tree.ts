import type { HandoffPacket, PacketArtifact } from "../core/workflow/packet.ts";
import { fileWithContent } from "./render-artifacts.ts";
import { fenced, fencedJson, type Section } from "./render-section.ts";

/** More lines than this are looked up with tools, not shown. */
const MOST_LINES = 400;
const MOST_SKIPPED = 20;

/** The paths of the tree that no other section names, so that nothing is taken for missing. */
export function treeSection(packet: HandoffPacket, heading = "Other files of the tree"): Section {
  const named = new Set(packet.artifacts.map(({ path }) => path));
  const paths = packet.tree.filter((path) => !named.has(path));
  return { heading, body: paths.length === 0 ? null : fenced(listing(paths).join("\n"), "text") };
}

/** The repository that the work starts from. */
export function importedSection({ imported }: HandoffPacket): Section {
  const heading = "The repository that the work starts from";
  if (imported === null) return { heading, body: null };
  const { repo, commit, files, skipped } = imported;
  const more = skipped.length > MOST_SKIPPED ? { more_not_taken_over: skipped.length - MOST_SKIPPED } : {};
  const not_taken_over = skipped.slice(0, MOST_SKIPPED);
  return { heading, body: fencedJson({ repo, commit, files, not_taken_over, ...more }) };
}

/** What the repository tells those who work in it: its AGENTS.md, its README. */
export function guidesSection(packet: HandoffPacket): Section {
  const guides = packet.artifacts.flatMap((artifact) =>
    isImported(artifact) && artifact.content !== null ? [fileWithContent(artifact, artifact.content)] : [],
  );
  return {
    heading: "Guides of that repository",
    body: guides.length === 0 ? null : guides.join("\n\n"),
  };
}

/** Whether the workflow began with it and has not changed it. */
function isImported({ task_id }: PacketArtifact): boolean {
  return task_id === "";
}

/** One path a line; where that is too much, directories with the number of files below them. */
function listing(paths: readonly string[]): readonly string[] {
  if (paths.length <= MOST_LINES) return paths.map(asOneLine);
  const counts = new Map<string, number>();
  for (const path of paths) {
    const place = placeOf(path);
    counts.set(place, (counts.get(place) ?? 0) + 1);
  }
  const lines = [...counts].map(([place, count]) =>
    place.endsWith("/") ? `${asOneLine(place)} (${count} files)` : asOneLine(place),
  );
  const left = lines.length - MOST_LINES;
  return left > 0 ? [...lines.slice(0, MOST_LINES), `… and ${left} more places`] : lines;
}

/** Its first two directories, or the file itself when it lies above them. */
function placeOf(path: string): string {
  const parts = path.split("/");
  return parts.length < 3 ? path : `${parts.slice(0, 2).join("/")}/`;
}

function asOneLine(path: string): string {
  return /[\p{Cc}\u2028\u2029]/u.test(path) ? JSON.stringify(path) : path;
}
