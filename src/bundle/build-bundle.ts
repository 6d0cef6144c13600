import type { Deliverable } from "../ports/delivery-action.ts";
import { bundleEntries } from "./bundle-entries.ts";
import { bundleName } from "./bundle-name.ts";
import { writeTarGz } from "./write-tar-gz.ts";
import { writeZip } from "./write-zip.ts";

export const BUNDLE_FORMATS = ["zip", "tar.gz"] as const;
export type BundleFormat = (typeof BUNDLE_FORMATS)[number];

export type Bundle = {
  readonly file_name: string;
  readonly media_type: string;
  /** Can be gone through once. */
  readonly bytes: AsyncIterable<Uint8Array>;
};

/**
 * The tree with its manifest, summary and checksums as an archive: the same bytes for the same deliverable. Throws a
 * BundleError for a tree that can't be packed.
 */
export function buildBundle(deliverable: Deliverable, format: BundleFormat): Bundle {
  const entries = bundleEntries(deliverable);
  const at = new Date(deliverable.at);
  return {
    file_name: bundleFileName(deliverable, format),
    media_type: format === "zip" ? "application/zip" : "application/gzip",
    bytes: format === "zip" ? writeZip(entries, at) : writeTarGz(entries, at),
  };
}

export function bundleFileName(
  deliverable: Pick<Deliverable, "title" | "workflow_id">,
  format: BundleFormat,
): string {
  return `${bundleName(deliverable)}.${format}`;
}
