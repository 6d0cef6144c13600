import {
  byOrdinal,
  documentOf,
  treeAt,
  treeOf,
  type WorkflowHead,
  type WorkflowState,
} from "../core/workflow/state.ts";
import type { Deliverable, DeliveryReport } from "../ports/delivery-action.ts";
import type { TenantStorage } from "../ports/storage.ts";
import { contentsOf } from "./contents-of.ts";
import { treeHash } from "./hash.ts";

/** What there is to hand over: the accepted tree, or the best one of a workflow that has failed. */
export async function readDeliverable(
  state: WorkflowState,
  storage: Pick<TenantStorage, "readBlobs">,
): Promise<Deliverable> {
  const { head, settings, imported } = state;
  const best = bestOfFailed(state);
  const tree = best === null ? treeOf(state) : treeAt(state, best.artifacts);
  const contents = await contentsOf(storage, tree);
  const finalization = documentOf(state, "finalization");
  return {
    tenant_id: head.tenant_id,
    workflow_id: head.id,
    title: head.title,
    request: settings.request,
    mode: head.mode,
    summary: finalization?.summary ?? "",
    delivery_notes: finalization?.delivery_notes ?? "",
    artifacts: tree.map(({ id, path, kind, description, hash, task_id }) => ({
      id,
      path,
      kind,
      description,
      hash,
      content: contents.get(path) ?? "",
      changed: task_id !== "",
    })),
    deleted: deletedPaths(state),
    imported: imported && {
      repo: imported.repo,
      path: settings.workspace?.path ?? null,
      commit: imported.commit,
    },
    tree_hash: best?.tree_hash ?? treeHash(state),
    report: reportOf(state, best?.cycle ?? null),
    at: askedAt(state) ?? head.completed_at ?? head.updated_at,
  };
}

/** That of the first delivery: whoever gets the same work once more gets the same bytes. */
function askedAt({ deliveries }: WorkflowState): string | null {
  return (
    byOrdinal(deliveries.values()).find(({ requested_at }) => requested_at !== null)?.requested_at ?? null
  );
}

function bestOfFailed({ head: { status, progress } }: WorkflowState): WorkflowHead["progress"]["best"] {
  return status === "failed" ? progress.best : null;
}

/** What the workflow began with and has taken away. */
function deletedPaths(state: WorkflowState): string[] {
  const began = byOrdinal(state.artifacts.values()).filter(({ task_id }) => task_id === "");
  const kept = new Set(treeOf(state).map(({ path }) => path));
  return began.map(({ path }) => path).filter((path) => !kept.has(path));
}

/** `judgedIn` is the cycle of a tree that is not the newest: what was judged in another says nothing of it. */
function reportOf(state: WorkflowState, judgedIn: number | null): DeliveryReport {
  const criteria = documentOf(state, "constitution")?.acceptance_criteria ?? [];
  const receipts = byOrdinal(state.receipts.values());
  const cycle = judgedIn ?? receipts.at(-1)?.cycle;
  return {
    verdict: state.head.verdict,
    criteria: criteria.map(({ id, text, level }) => {
      const known = state.criteria.get(id);
      const judged = judgedIn === null || known?.cycle === judgedIn ? known : undefined;
      const reason = state.waivers.get(id);
      const { evidence = "", receipt = null, verdict = "unknown" } = judged ?? {};
      return reason === undefined
        ? { id, text, level, evidence, receipt, verdict }
        : { id, text, level, evidence: reason, receipt, verdict: "waived" };
    }),
    receipts: receipts.filter((one) => one.cycle === cycle),
    findings: byOrdinal(state.findings.values()).filter(({ status }) => status !== "resolved"),
  };
}
