import type { Deliverable } from "../ports/delivery-action.ts";
import type { PackedFile } from "./bundle-entries.ts";

/** `manifest.json`: what the bundle holds and what is known of it, for programs. It holds no configuration. */
export function bundleManifest(
  deliverable: Deliverable,
  files: readonly PackedFile[],
  warnings: readonly string[],
): string {
  const { report, imported } = deliverable;
  const manifest = {
    format: "orca-bundle",
    version: 1,
    workflow: {
      id: deliverable.workflow_id,
      title: deliverable.title,
      mode: deliverable.mode,
      request: deliverable.request,
    },
    verdict: report.verdict,
    tree_hash: deliverable.tree_hash,
    // The address of a repository may hold names of the installation or a password; the commit says enough.
    imported: imported === null ? null : { commit: imported.commit, path: imported.path },
    criteria: report.criteria.map(({ id, text, level, verdict, evidence, receipt }) => ({
      id,
      text,
      level,
      verdict,
      evidence,
      receipt,
    })),
    receipts: report.receipts.map((receipt) => ({
      id: receipt.id,
      name: receipt.name,
      stage: receipt.stage,
      criterion: receipt.criterion,
      command: receipt.command,
      status: receipt.status,
      exit_code: receipt.exit_code,
      duration_ms: receipt.duration_ms,
      message: receipt.message,
      sandbox: receipt.sandbox,
      tree_hash: receipt.tree_hash,
      cycle: receipt.cycle,
    })),
    findings: report.findings.map((finding) => ({
      id: finding.id,
      severity: finding.severity,
      status: finding.status,
      component: finding.component,
      description: finding.description,
      recommendation: finding.recommendation,
      evidence: finding.evidence,
      criterion: finding.criterion,
      resolution: finding.resolution,
    })),
    files,
    deleted: deliverable.deleted,
    warnings,
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}
