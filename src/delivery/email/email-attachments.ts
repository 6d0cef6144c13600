import { BundleError } from "../../bundle/bundle-error.ts";
import { type Deliverable, DeliveryError } from "../../ports/delivery-action.ts";
import { oneLine } from "./email-text.ts";

export type Attach = "bundle" | "files" | "none";

export type Attachments = {
  readonly files: readonly { readonly name: string; readonly content: Buffer }[];
  /** What the reader has to know of what is not there. */
  readonly notes: readonly string[];
};

/** Mail servers rarely take more than 25 MB, of which base64 takes a third. */
const MOST_BYTES = 10 * 1024 * 1024;
const MOST_FILES = 20;
const LIMITS = `${MOST_FILES} files and ${MOST_BYTES / 1024 / 1024} MB`;

/** What goes along with a message. Rejects with a DeliveryError for a tree that can't be packed. */
export async function attachmentsOf(deliverable: Deliverable, attach: Attach): Promise<Attachments> {
  if (attach === "none") return { files: [], notes: [] };
  return attach === "bundle" ? attachedBundle(deliverable) : attachedFiles(deliverable);
}

/** Those that were made or changed, in their order, as long as there is room. */
function attachedFiles({ artifacts }: Deliverable): Attachments {
  const changed = artifacts.filter((artifact) => artifact.changed);
  const files: { name: string; content: Buffer }[] = [];
  let room = MOST_BYTES;
  for (const { path, content } of changed) {
    const size = Buffer.byteLength(content);
    if (files.length === MOST_FILES || size > room) continue;
    files.push({ name: oneLine(path).replaceAll("/", "_"), content: Buffer.from(content) });
    room -= size;
  }
  const left = changed.length - files.length;
  const note = `${left} of ${changed.length} files are not attached: a message takes at most ${LIMITS}.`;
  return { files, notes: left === 0 ? [] : [note] };
}

async function attachedBundle(deliverable: Deliverable): Promise<Attachments> {
  const { buildBundle } = await import("../../bundle/build-bundle.ts");
  try {
    const { file_name, bytes } = buildBundle(deliverable, "zip");
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of bytes) {
      chunks.push(chunk);
      length += chunk.byteLength;
      if (length > MOST_BYTES) {
        const note = `The bundle is not attached: it is longer than ${MOST_BYTES / 1024 / 1024} MB.`;
        return { files: [], notes: [note] };
      }
    }
    return { files: [{ name: file_name, content: Buffer.concat(chunks) }], notes: [] };
  } catch (error) {
    if (error instanceof BundleError) throw new DeliveryError(error.message, { cause: error });
    throw error;
  }
}
