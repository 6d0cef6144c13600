import type { DeliveryContext } from "../../ports/delivery-action.ts";

/** Longer messages go without the contents, which the bundle has. */
const MOST_BYTES = 5 * 1024 * 1024;

/** The message that tells of a delivery, as JSON text: the same for every attempt at it. */
export function webhookBody(context: DeliveryContext, include: "summary" | "artifacts"): string {
  if (include === "summary") return bodyOf(context, {});
  const files = context.artifacts.map(({ path, kind, hash, content }) => {
    return { path, kind, sha256: hash, size: Buffer.byteLength(content), content };
  });
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  if (bytes <= MOST_BYTES) {
    const body = bodyOf(context, { artifacts: files, contents_omitted: false });
    if (Buffer.byteLength(body) <= MOST_BYTES) return body;
  }
  const artifacts = files.map(({ content: _content, ...described }) => described);
  return bodyOf(context, { artifacts, contents_omitted: true });
}

function bodyOf(context: DeliveryContext, artifacts: Readonly<Record<string, unknown>>): string {
  const { workflow_id, report } = context;
  const data = {
    workflow_id,
    tenant_id: context.tenant_id,
    title: context.title,
    verdict: report.verdict,
    tree_hash: context.tree_hash,
    summary: context.summary,
    delivery_notes: context.delivery_notes,
    criteria: report.criteria.map(({ id, text, level, verdict, evidence }) => {
      return { id, text, level, verdict, evidence };
    }),
    bundle: `/api/v1/workflows/${workflow_id}/bundle`,
    ...artifacts,
  };
  return JSON.stringify({ type: "workflow.delivered", timestamp: context.at, data });
}
