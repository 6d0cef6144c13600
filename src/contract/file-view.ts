import { z } from "@hono/zod-openapi";

import { ArtifactKind } from "../core/documents.ts";
import type { ArtifactState } from "../core/workflow/state.ts";

/** A file of one of the trees that the workflow went through. */
export const FileView = z
  .object({
    path: z.string(),
    hash: z.string().describe("SHA-256 of the content, in lower-case hex."),
    size: z.int().describe("Bytes."),
    kind: ArtifactKind,
    description: z.string(),
    revision: z.int().describe("Which revision of the path it is."),
    artifact_id: z.string().describe("The artifact that it is; its content never changes."),
    content_url: z.string().describe("Where the content is, on this server."),
  })
  .openapi("File");
export type FileView = z.infer<typeof FileView>;

export const tree = z
  .string()
  .max(64)
  .default("latest")
  .describe(
    "`latest`, `best` (of those that QA has judged, the one with the least missing), or `cycle-<n>`.",
  );

export function toFileView(workflowId: string, file: ArtifactState): FileView {
  const { path, hash, size, kind, description, revision, id } = file;
  const content_url = `/api/v1/workflows/${workflowId}/artifacts/${id}`;
  return { path, hash, size, kind, description, revision, artifact_id: id, content_url };
}
