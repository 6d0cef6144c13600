import type { ArtifactState } from "../core/workflow/state.ts";
import type { Context } from "./server-env.ts";

/** Answers with what an artifact holds, in a form that no browser takes for a page. */
export async function answerContent(c: Context, artifact: Pick<ArtifactState, "id" | "path" | "hash">) {
  const etag = `"${artifact.hash}"`;
  c.header("etag", etag);
  // The content of an id never changes, yet only the tenant may keep it.
  c.header("cache-control", "private, no-cache");
  if (namesEtag(c.req.header("if-none-match"), etag)) return c.body(null, 304);
  const content = await c.get("storage").readBlob(artifact.hash);
  if (content === null) throw new Error(`blob ${artifact.hash} of artifact ${artifact.id} is missing`);
  c.header("content-security-policy", "default-src 'none'; sandbox; frame-ancestors 'none'");
  c.header("content-disposition", dispositionOf(artifact.path, "inline"));
  const type = content.includes("\0") ? "application/octet-stream" : "text/plain; charset=utf-8";
  return c.body(content, 200, { "content-type": type });
}

/** Whether a header such as If-None-Match names this ETag, weakly or not. */
export function namesEtag(ifNoneMatch: string | undefined, etag: string): boolean {
  return (
    ifNoneMatch?.split(",").some((each) => [etag, "*"].includes(each.trim().replace(/^W\//, ""))) ?? false
  );
}

/** RFC 6266: the name twice, for old readers without anything that could end the quoted string. */
export function dispositionOf(path: string, how: "inline" | "attachment"): string {
  const name = path.split("/").at(-1) ?? path;
  const plain = name.replaceAll(/[^A-Za-z0-9._ -]/g, "_");
  const encoded = encodeURIComponent(name.toWellFormed()).replaceAll(/['()*]/g, percent);
  return `${how}; filename="${plain}"; filename*=UTF-8''${encoded}`;
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
