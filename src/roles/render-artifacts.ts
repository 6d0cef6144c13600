import type { HandoffPacket, PacketArtifact } from "../core/workflow/packet.ts";
import { fenced, fencedJson, inlineCode, type Section } from "./render-section.ts";

/** The newest revision of every artifact by name, without contents. */
export function inventorySection(packet: HandoffPacket): Section {
  return inventory("Artifacts", packet.artifacts);
}

/** What has changed since the open findings were raised. */
export function diffSection({ diff }: HandoffPacket): Section {
  const heading = "What has changed since the open findings were raised";
  return { heading, body: diff === null ? null : diff === "" ? "Nothing." : fenced(diff, "diff") };
}

/** The artifacts that came without content: they exist, and other tasks own them. */
export function otherArtifactsSection(packet: HandoffPacket): Section {
  return inventory(
    "Other artifacts that exist",
    packet.artifacts.filter((artifact) => artifact.content === null),
  );
}

/** The newest revision of every artifact that came with its content, in full. */
export function contentsSection(packet: HandoffPacket, heading: string): Section {
  return contents(heading, packet.artifacts);
}

/** As above, without what the workflow began with. */
export function writtenContentsSection(packet: HandoffPacket, heading: string): Section {
  return contents(
    heading,
    packet.artifacts.filter(({ task_id }) => task_id !== ""),
  );
}

/** One file under its path, its content in a fence that it can't close. */
export function fileWithContent(artifact: PacketArtifact, content: string): string {
  const { kind, revision, task_id, description } = artifact;
  const title = `### ${inlineCode(artifact.path)}`;
  const origin = task_id === "" ? "as the work began" : `from task ${inlineCode(task_id)}`;
  const about = `${kind}, revision ${revision}, ${origin}: ${inlineCode(description)}`;
  return `${title}\n\n${about}\n\n${fenced(content)}`;
}

function contents(heading: string, artifacts: readonly PacketArtifact[]): Section {
  const files = artifacts.flatMap((artifact) =>
    artifact.content === null ? [] : [fileWithContent(artifact, artifact.content)],
  );
  return { heading, body: files.length === 0 ? null : files.join("\n\n") };
}

function inventory(heading: string, artifacts: readonly PacketArtifact[]): Section {
  const rows = artifacts.map(({ path, kind, revision, task_id, description }) => ({
    path,
    kind,
    revision,
    task: task_id,
    description,
  }));
  return { heading, body: rows.length === 0 ? null : fencedJson(rows) };
}
