import { hash } from "node:crypto";

import type { Blob } from "../core/workflow/commit.ts";
import { treeOf, type WorkflowState } from "../core/workflow/state.ts";

/** Lower-case hex SHA-256 of the text's UTF-8 bytes. */
export function sha256(text: string): string {
  return hash("sha256", text, "hex");
}

export function blobOf(content: string): Blob {
  return { hash: sha256(content), content };
}

/** One hash over the newest revision of every path, sorted by path: equal trees have equal hashes. */
export function treeHash(state: WorkflowState): string {
  const lines = treeOf(state)
    .map((artifact) => `${artifact.path}\0${artifact.hash}`)
    .toSorted();
  return sha256(lines.join("\n"));
}
