import type { OpenAPIHono } from "@hono/zod-openapi";

import * as contract from "../../contract/routes.ts";
import { toArtifactView } from "../../contract/to-workflow-view.ts";
import { OrcaError } from "../../core/orca-error.ts";
import { byOrdinal } from "../../core/workflow/state.ts";
import { linkNext, pageOf } from "../page.ts";
import type { ServerEnv } from "../server-env.ts";
import type { ServerParts } from "../server-parts.ts";
import { workflowId } from "../workflow-id.ts";

export function artifactRoutes(app: OpenAPIHono<ServerEnv>, { engine }: Pick<ServerParts, "engine">): void {
  app.openapi(contract.listArtifacts, async (c) => {
    const { revisions, ...query } = c.req.valid("query");
    const state = await engine.load(c.get("principal"), workflowId(c.req.valid("param").id));
    const artifacts = byOrdinal((revisions === "all" ? state.artifacts : state.latest_artifacts).values());
    const page = pageOf(
      artifacts.map((artifact) => toArtifactView(state.head.id, artifact)),
      query,
    );
    linkNext(c, page.next_cursor);
    return c.json(page, 200);
  });

  app.openapi(contract.readArtifact, async (c) => {
    const { id, artifact_id } = c.req.valid("param");
    const state = await engine.load(c.get("principal"), workflowId(id));
    const artifact = state.artifacts.get(artifact_id);
    if (artifact === undefined) {
      throw new OrcaError(
        "artifact_not_found",
        "This workflow has no artifact with this id; list its artifacts.",
      );
    }
    const etag = `"${artifact.hash}"`;
    c.header("etag", etag);
    // The content of an id never changes, yet only the tenant may keep it.
    c.header("cache-control", "private, no-cache");
    if (matches(c.req.header("if-none-match"), etag)) return c.body(null, 304);
    const content = await c.get("storage").readBlob(artifact.hash);
    if (content === null) throw new Error(`blob ${artifact.hash} of artifact ${artifact.id} is missing`);
    c.header("content-security-policy", "default-src 'none'; sandbox; frame-ancestors 'none'");
    c.header("content-disposition", dispositionOf(artifact.path));
    const type = content.includes("\0") ? "application/octet-stream" : "text/plain; charset=utf-8";
    return c.body(content, 200, { "content-type": type });
  });
}

function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  return (
    ifNoneMatch?.split(",").some((each) => [etag, "*"].includes(each.trim().replace(/^W\//, ""))) ?? false
  );
}

/** RFC 6266: the name twice, for old readers without anything that could end the quoted string. */
function dispositionOf(path: string): string {
  const name = path.split("/").at(-1) ?? path;
  const plain = name.replaceAll(/[^A-Za-z0-9._ -]/g, "_");
  const encoded = encodeURIComponent(name.toWellFormed()).replaceAll(/['()*]/g, percent);
  return `inline; filename="${plain}"; filename*=UTF-8''${encoded}`;
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
