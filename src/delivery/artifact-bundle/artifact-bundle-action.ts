import { createHash } from "node:crypto";

import { z } from "zod";

import { BUNDLE_FORMATS, type BundleFormat, buildBundle, bundleFileName } from "../../bundle/build-bundle.ts";
import { BundleError } from "../../bundle/bundle-error.ts";
import { type DeliveryAction, type DeliveryContext, DeliveryError } from "../../ports/delivery-action.ts";

/** The archives are made again when they are asked for; the receipt says what they are then, byte for byte. */
export const artifactBundleAction: DeliveryAction<Record<string, never>> = {
  name: "artifact-bundle",
  description: "Packs the files with a manifest, checksums and receipts as .zip and .tar.gz for download.",
  outward: false,
  semantics: "read",
  config: z.strictObject({}),
  deliver: async (_config, context) => {
    const measured = [];
    for (const format of BUNDLE_FORMATS) measured.push(await measure(format, context));
    return {
      action: "artifact-bundle",
      links: BUNDLE_FORMATS.map((format) => linkOf(context, format)),
      metadata: [{ name: "files", value: String(context.artifacts.length) }, ...measured.flat()],
    };
  },
  preview: (_config, context) =>
    Promise.resolve({
      target: `the API of this server, under ${linkOf(context, "zip")}`,
      effects: BUNDLE_FORMATS.map(
        (format) => `${bundleFileName(context, format)} is served, with ${context.artifacts.length} files`,
      ),
    }),
};

async function measure(format: BundleFormat, context: DeliveryContext) {
  const sum = createHash("sha256");
  let size = 0;
  try {
    for await (const piece of buildBundle(context, format).bytes) {
      context.signal.throwIfAborted();
      sum.update(piece);
      size += piece.length;
    }
  } catch (error) {
    if (error instanceof BundleError) throw new DeliveryError(error.message, { cause: error });
    throw error;
  }
  return [
    { name: `${format} sha256`, value: sum.digest("hex") },
    { name: `${format} bytes`, value: String(size) },
  ];
}

function linkOf({ workflow_id }: Pick<DeliveryContext, "workflow_id">, format: BundleFormat): string {
  return `/api/v1/workflows/${workflow_id}/bundle?format=${format}`;
}
