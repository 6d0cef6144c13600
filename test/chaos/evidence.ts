import { hash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";

import type { ModelCallRow, StepRow } from "../../src/core/workflow/commit.ts";
import type { WorkflowEvent } from "../../src/core/workflow/events.ts";
import { restoreState } from "../../src/core/workflow/restore-state.ts";
import type { WorkflowState } from "../../src/core/workflow/state.ts";
import type { StoredWorkflow, TenantStorage } from "../../src/ports/storage.ts";
import { openStorage } from "../../src/storage/open-storage.ts";
import { createLogger } from "../../src/telemetry/pino-logger.ts";
import type { Accepted } from "./load.ts";
import type { RefereeRecord } from "./referee.ts";
import type { Transcript } from "./resuming-client.ts";

/** All that is known of one workflow, from sources that do not know of each other. */
export type WorkflowEvidence = {
  readonly id: string;
  /** Null when nobody asked for it. */
  readonly accepted: Accepted | null;
  /** Null when it is not in the store. */
  readonly stored: StoredWorkflow | null;
  readonly events: readonly WorkflowEvent[];
  readonly steps: readonly StepRow[];
  readonly modelCalls: readonly ModelCallRow[];
  /** Content by hash of everything that the rows name; null where it is missing. */
  readonly contents: ReadonlyMap<string, string | null>;
  /** Files of its delivery directory by path; null when it was to be delivered nowhere. */
  readonly delivered: ReadonlyMap<string, string> | null;
  readonly referee: readonly RefereeRecord[];
  readonly transcripts: readonly Transcript[];
};

export type EvidenceSources = {
  readonly database: string;
  readonly tenants: readonly string[];
  readonly accepted: readonly Accepted[];
  readonly transcripts: readonly Transcript[];
  readonly referee: readonly RefereeRecord[];
};

/** Reads the store once the nodes are down, one workflow after the other: accepted ones first, then any other. */
export async function* gatherEvidence(sources: EvidenceSources): AsyncGenerator<WorkflowEvidence> {
  const logger = createLogger({ level: "silent", format: "json" });
  const storage = await openStorage(sources.database, { logger });
  const referee = Map.groupBy(sources.referee, ({ workflow }) => workflow);
  const transcripts = Map.groupBy(sources.transcripts, ({ workflow }) => workflow);
  const known = new Set<string>();
  const evidenceOf = async (
    tenant: string,
    id: string,
    accepted: Accepted | null,
  ): Promise<WorkflowEvidence> => ({
    id,
    accepted,
    ...(await readStored(storage.forTenant(tenant), id)),
    delivered: accepted?.directory == null ? null : await readDirectory(accepted.directory),
    referee: referee.get(id) ?? [],
    transcripts: transcripts.get(id) ?? [],
  });
  try {
    for (const accepted of sources.accepted) {
      known.add(accepted.id);
      yield await evidenceOf(accepted.tenant, accepted.id, accepted);
    }
    for (const tenant of sources.tenants) {
      for await (const id of listIds(storage.forTenant(tenant)))
        if (!known.has(id)) yield await evidenceOf(tenant, id, null);
    }
  } finally {
    await storage.close();
  }
}

const PAGE = 1_000;

async function readStored(
  storage: TenantStorage,
  id: string,
): Promise<Pick<WorkflowEvidence, "stored" | "events" | "steps" | "modelCalls" | "contents">> {
  const [stored, steps, modelCalls] = await Promise.all([
    storage.loadWorkflow(id),
    storage.listSteps(id),
    storage.listModelCalls(id),
  ]);
  const events: WorkflowEvent[] = [];
  for (let page = PAGE; page === PAGE;) {
    const read = await storage.readEvents(id, { after: events.at(-1)?.seq ?? 0, limit: PAGE });
    events.push(...read);
    page = read.length;
  }
  const hashes = stored ? namedHashes(restoreState(stored.head, stored.parts), modelCalls) : [];
  const found = await storage.readBlobs(hashes);
  const contents = new Map(hashes.map((name) => [name, found.get(name) ?? null]));
  return { stored, events, steps, modelCalls, contents };
}

function namedHashes(state: WorkflowState, modelCalls: readonly ModelCallRow[]): string[] {
  const { settings, artifacts } = state;
  return [
    ...new Set([
      settings.config_hash,
      ...settings.prompts.map((prompt) => prompt.hash),
      ...[...artifacts.values()].map((artifact) => artifact.hash),
      ...modelCalls.flatMap((call) => call.response_hash ?? []),
    ]),
  ];
}

async function* listIds(storage: TenantStorage): AsyncGenerator<string> {
  let after: { created_at: string; id: string } | null = null;
  for (;;) {
    const heads = await storage.listWorkflows({ limit: PAGE, after, statuses: null });
    for (const { id } of heads) yield id;
    const last = heads.at(-1);
    if (!last || heads.length < PAGE) return;
    after = { created_at: last.created_at, id: last.id };
  }
}

/** An empty map when the directory was never made. */
async function readDirectory(directory: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  try {
    for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile()) files.set(relative(directory, path), await readFile(path, "utf8"));
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  return files;
}

/** The name under which content must lie. */
export function hashOf(content: string): string {
  return hash("sha256", content, "hex");
}
