import { resolve } from "node:path";

import { UnsafePathError, writeFiles } from "../files/write-files.ts";
import { CliError } from "./exit-code.ts";
import type { HttpClient } from "./http-client.ts";

/** Writes the newest revision of every artifact under `directory`; refuses paths that would leave it. Resolves with the files. */
export async function saveArtifacts(client: HttpClient, id: string, directory: string): Promise<string[]> {
  const artifacts = await client.listArtifacts(id);
  const files: { path: string; content: string }[] = [];
  for (const { id: artifactId, path } of artifacts) {
    files.push({ path, content: await client.readArtifact(id, artifactId) });
  }
  try {
    return await writeFiles(resolve(directory), files);
  } catch (error) {
    const message =
      error instanceof UnsafePathError
        ? error.message
        : `can't write to ${directory}: ${(error as Error).message}`;
    throw new CliError("unavailable", message, { cause: error, code: "artifacts_not_written" });
  }
}
