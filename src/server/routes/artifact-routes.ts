import type { OpenAPIHono } from "@hono/zod-openapi";

import * as contract from "../../contract/routes.ts";
import { toArtifactView } from "../../contract/to-workflow-view.ts";
import { OrcaError } from "../../core/orca-error.ts";
import { byOrdinal, treeOf } from "../../core/workflow/state.ts";
import { answerContent } from "../artifact-content.ts";
import { linkNext, pageOf } from "../page.ts";
import type { ServerEnv } from "../server-env.ts";
import type { ServerParts } from "../server-parts.ts";
import { workflowId } from "../workflow-id.ts";

export function artifactRoutes(app: OpenAPIHono<ServerEnv>, { engine }: Pick<ServerParts, "engine">): void {
  app.openapi(contract.listArtifacts, async (c) => {
    const { revisions, ...query } = c.req.valid("query");
    const state = await engine.load(c.get("principal"), workflowId(c.req.valid("param").id));
    const artifacts = revisions === "all" ? byOrdinal(state.artifacts.values()) : treeOf(state);
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
    if (artifact.deleted) {
      throw new OrcaError(
        "artifact_not_found",
        `${artifact.path} was deleted with this revision; read an earlier one.`,
      );
    }
    return answerContent(c, artifact);
  });
}
