import { hash } from "node:crypto";

import type { DeliveredArtifact, Deliverable } from "../ports/delivery-action.ts";
import { bundleManifest } from "./bundle-manifest.ts";
import { bundleName } from "./bundle-name.ts";
import { bundleSummary } from "./bundle-summary.ts";
import { checksumLine } from "./checksum-line.ts";
import { refuseUnsafePaths, warningsAbout } from "./entry-names.ts";

/** One file of a bundle; its text becomes bytes when it is written, so that only one is there twice. */
export type BundleEntry = { readonly name: string; readonly text: string };

/** A file of the tree as the manifest lists it; `path` is the one below `files/`. */
export type PackedFile = Pick<DeliveredArtifact, "path" | "kind" | "description" | "changed"> & {
  readonly sha256: string;
  readonly size: number;
};

/** Everything that a bundle holds, sorted by name. Throws a BundleError for paths that must not be packed. */
export function bundleEntries(deliverable: Deliverable): readonly BundleEntry[] {
  const top = bundleName(deliverable);
  const artifacts = sortedBy(deliverable.artifacts, ({ path }) => path);
  const paths = artifacts.map(({ path }) => path);
  refuseUnsafePaths(paths);
  const files = artifacts.map(packedFile);
  const described: readonly BundleEntry[] = [
    { name: "SUMMARY.md", text: bundleSummary(deliverable) },
    { name: "manifest.json", text: bundleManifest(deliverable, files, warningsAbout(paths)) },
  ];
  const sums = [
    ...described.map(({ name, text }) => ({ name, sha256: sha256(text) })),
    ...files.map(({ path, sha256: sum }) => ({ name: `files/${path}`, sha256: sum })),
  ];
  const checksums = sortedBy(sums, ({ name }) => name).map((each) => checksumLine(each.sha256, each.name));
  const entries = [
    { name: "SHA256SUMS", text: checksums.join("") },
    ...described,
    ...artifacts.map(({ path, content }) => ({ name: `files/${path}`, text: content })),
  ];
  return sortedBy(entries, ({ name }) => name).map(({ name, text }) => ({ name: `${top}/${name}`, text }));
}

function packedFile({ path, kind, description, changed, content }: DeliveredArtifact): PackedFile {
  return { path, sha256: sha256(content), size: Buffer.byteLength(content), kind, description, changed };
}

function sha256(text: string): string {
  return hash("sha256", text, "hex");
}

/** By code units, the same in every locale. */
function sortedBy<T>(values: readonly T[], keyOf: (value: T) => string): T[] {
  return values.toSorted((left, right) => {
    const [one, other] = [keyOf(left), keyOf(right)];
    if (one === other) return 0;
    return one < other ? -1 : 1;
  });
}
