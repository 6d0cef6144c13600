import { z } from "zod";

import type { ToolOutput } from "../ports/role-tool.ts";
import { cleanBytes, cleanLine } from "./clean-text.ts";
import { isDeeperThan } from "./tool-schema.ts";

/** Read by ourselves: one odd part must not make the others unreadable. */
export const CallResult = z.looseObject({
  content: z.array(z.unknown()).nullish(),
  structuredContent: z.unknown().optional(),
  isError: z.boolean().nullish(),
});
export type CallResult = z.infer<typeof CallResult>;

const DEEPEST = 64;
const Text = z.looseObject({ type: z.literal("text"), text: z.string() });
const Data = z.looseObject({ type: z.enum(["image", "audio"]), data: z.string(), mimeType: z.string() });
const Link = z.looseObject({ type: z.literal("resource_link"), uri: z.string() });
const Resource = z.looseObject({
  type: z.literal("resource"),
  resource: z.looseObject({
    uri: z.string(),
    mimeType: z.string().nullish(),
    text: z.string().nullish(),
    blob: z.string().nullish(),
  }),
});

/** Text as it is, anything else by its kind and size; without unseen characters, and cut to `longest` bytes. */
export function renderResult(result: CallResult, longest: number): ToolOutput {
  const parts = (result.content ?? []).map(renderPart);
  if (parts.length === 0 && result.structuredContent !== undefined) parts.push(structured(result));
  return { content: cleanBytes(parts.join("\n"), longest), is_error: result.isError === true };
}

function renderPart(part: unknown): string {
  const text = Text.safeParse(part);
  if (text.success) return text.data.text;
  const data = Data.safeParse(part);
  if (data.success) {
    return `[${data.data.type} ${label(data.data.mimeType)}, ${base64Bytes(data.data.data)} bytes]`;
  }
  const link = Link.safeParse(part);
  if (link.success) return `[link ${label(link.data.uri)}]`;
  const embedded = Resource.safeParse(part);
  if (!embedded.success) return "[a part of an unknown kind]";
  const { uri, mimeType, text: body, blob } = embedded.data.resource;
  const bytes = typeof body === "string" ? Buffer.byteLength(body) : base64Bytes(blob ?? "");
  return `[resource ${label(uri)} ${label(mimeType ?? "of an unknown type")}, ${bytes} bytes]`;
}

function structured({ structuredContent }: CallResult): string {
  return isDeeperThan(structuredContent, DEEPEST)
    ? `[a structured result of more than ${DEEPEST} levels]`
    : JSON.stringify(structuredContent);
}

function label(text: string): string {
  return cleanLine(text, 200).replaceAll(/[\n\]]/g, " ");
}

function base64Bytes(data: string): number {
  return Buffer.byteLength(data, "base64");
}
