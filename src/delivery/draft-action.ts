import { z } from "zod";

import type { ArtifactKind } from "../core/documents.ts";
import {
  type DeliveredArtifact,
  type DeliveryAction,
  type DeliveryContext,
  DeliveryError,
} from "../ports/delivery-action.ts";
import { documentPage } from "./document-page.ts";
import { writeDraft } from "./write-draft.ts";

export type Draft = {
  readonly name: string;
  readonly description: string;
  /** Kinds of artifacts that it can be made of; those of the first group come before those of the next. */
  readonly kinds: readonly (readonly ArtifactKind[])[];
};

/** One document of the tree with front matter, as a draft that nobody has published. */
export function createDraftAction({
  name,
  description,
  kinds,
}: Draft): DeliveryAction<Record<string, never>> {
  return {
    name,
    description,
    outward: false,
    semantics: "read",
    config: z.strictObject({}),
    deliver: async (_config, context) => {
      const source = sourceOf(context, kinds);
      const { title, draft, markdown } = await writeDraft(source, context);
      const page = await documentPage({ title, markdown }, context.signal);
      return {
        action: name,
        links: [],
        metadata: [
          { name: "source", value: source.path },
          { name: "title", value: title },
        ],
        documents: [
          { name: "draft.md", media_type: "text/markdown", content: draft },
          { name: "draft.html", media_type: "text/html", content: page },
        ],
      };
    },
    preview: async (_config, context) => {
      const { path } = sourceOf(context, kinds);
      return {
        target: "the documents of this workflow",
        effects: [`draft.md and draft.html are made of ${path}`],
      };
    },
  };
}

/** The newest of the first group that has one; of those, what the workflow wrote before what it began with. */
function sourceOf({ artifacts }: DeliveryContext, kinds: Draft["kinds"]): DeliveredArtifact {
  for (const group of kinds) {
    const found = artifacts.filter(({ kind, content }) => group.includes(kind) && content.trim() !== "");
    const source = found.findLast(({ changed }) => changed) ?? found.at(-1);
    if (source !== undefined) return source;
  }
  const looked = kinds.flat().join(", ");
  throw new DeliveryError(
    `There is no text to make a draft of: none of the ${artifacts.length} files is of the kind ${looked}. Deliver by another action, such as artifact-bundle.`,
  );
}
