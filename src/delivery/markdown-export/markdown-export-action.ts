import { z } from "zod";

import { type DeliveryAction, type DeliveryContext, DeliveryError } from "../../ports/delivery-action.ts";
import { documentPage } from "../document-page.ts";
import { exportedMarkdown } from "./exported-markdown.ts";

/** Bytes of files that one document can hold and still be read. */
const MOST_BYTES = 16 * 1024 ** 2;

/** The whole result as one document. */
export const markdownExportAction: DeliveryAction<Record<string, never>> = {
  name: "markdown-export",
  description: "Puts the whole result into one Markdown document, which is made as HTML as well.",
  outward: false,
  semantics: "read",
  config: z.strictObject({}),
  deliver: async (_config, context) => {
    refuseTooMuch(context);
    const { title, artifacts, signal } = context;
    const markdown = exportedMarkdown(context);
    return {
      action: "markdown-export",
      links: [],
      metadata: [{ name: "files", value: String(artifacts.filter(({ changed }) => changed).length) }],
      documents: [
        { name: "export.md", media_type: "text/markdown", content: markdown },
        {
          name: "export.html",
          media_type: "text/html",
          content: await documentPage({ title, markdown }, signal),
        },
      ],
    };
  },
  preview: (_config, context) => {
    const files = context.artifacts.filter(({ changed }) => changed).length;
    return Promise.resolve({
      target: "the documents of this workflow",
      effects: [`export.md and export.html are made of the report and ${files} files`],
    });
  },
};

function refuseTooMuch({ artifacts }: DeliveryContext): void {
  const bytes = artifacts.reduce(
    (sum, { content, changed }) => sum + (changed ? Buffer.byteLength(content) : 0),
    0,
  );
  if (bytes <= MOST_BYTES) return;
  const [size, most] = [bytes, MOST_BYTES].map((count) => `${Math.ceil(count / 1024 ** 2)} MiB`);
  throw new DeliveryError(
    `The files have ${size}, and one document holds at most ${most}. Deliver by artifact-bundle instead.`,
  );
}
