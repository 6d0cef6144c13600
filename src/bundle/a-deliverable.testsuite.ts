import { hash } from "node:crypto";

import type { DeliveredArtifact, Deliverable } from "../ports/delivery-action.ts";

type File = readonly [path: string, content: string, more?: Partial<DeliveredArtifact>];

/** A judged piece of work with these files. */
export function aDeliverable(files: readonly File[], more: Partial<Deliverable> = {}): Deliverable {
  return {
    tenant_id: "default",
    workflow_id: "wf_0198c0de000070004f2a91c0deadbeef",
    title: "Grüße für alle: a greeter",
    request: "Write a greeter.",
    mode: "software",
    summary: "It says hello.",
    delivery_notes: "Run `node greet.js`.",
    artifacts: files.map(([path, content, other], index) => ({
      id: `a${index + 1}`,
      path,
      content,
      kind: path.endsWith(".md") ? "markdown" : "code",
      description: `What ${path} is for.`,
      hash: hash("sha256", content, "hex"),
      changed: true,
      ...other,
    })),
    deleted: ["old.js"],
    imported: {
      repo: "https://somebody:hunter2@git.example/acme/site.git",
      path: "packages/site",
      commit: "4f2a91c0".repeat(5),
    },
    tree_hash: "ab".repeat(32),
    report: REPORT,
    at: "2026-02-03T04:05:06.789Z",
    ...more,
  };
}

const REPORT: Deliverable["report"] = {
  verdict: "verified",
  criteria: [
    { id: "AC1", text: "It greets.", level: "must", verdict: "met", evidence: "It ran.", receipt: "r1" },
    { id: "AC2", text: "It is polite.", level: "should", verdict: "unknown", evidence: "", receipt: null },
  ],
  receipts: [
    {
      id: "r1",
      ordinal: 1,
      cycle: 0,
      name: "greets",
      stage: "check",
      criterion: "AC1",
      toolchain: null,
      command: "node --test",
      status: "passed",
      exit_code: 0,
      duration_ms: 41,
      output_tail: "ok 1\n",
      message: null,
      missing: null,
      blocks: true,
      sandbox: "bubblewrap",
      tree_hash: "ab".repeat(32),
    },
  ],
  findings: [
    {
      id: "f1",
      ordinal: 1,
      severity: "warning",
      component: "greet.js",
      description: "It does not say goodbye.",
      recommendation: "Let it.",
      evidence: "greet.js says hello alone.",
      citations: [],
      criterion: null,
      status: "open",
      raised_by: "qa",
      evidence_class: "opinion",
      fingerprint: "f",
      receipt: null,
      raised_in_cycle: 0,
      resolved_in_cycle: null,
      resolution: null,
    },
  ],
};
