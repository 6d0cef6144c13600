import type { OpenAPIHono } from "@hono/zod-openapi";

import { toFileView } from "../../contract/file-view.ts";
import { toReceiptView } from "../../contract/receipt-view.ts";
import * as contract from "../../contract/result-routes.ts";
import { byOrdinal } from "../../core/workflow/state.ts";
import { answerContent } from "../artifact-content.ts";
import { HttpError } from "../http-error.ts";
import { linkNext, pageOf } from "../page.ts";
import type { ServerEnv } from "../server-env.ts";
import type { ServerParts } from "../server-parts.ts";
import { workflowId } from "../workflow-id.ts";

/** What the work has come to: what was seen of it, its trees and what lies between them. */
export function resultRoutes(app: OpenAPIHono<ServerEnv>, { engine }: Pick<ServerParts, "engine">): void {
  app.openapi(contract.listReceipts, async (c) => {
    const { cycle, criterion, ...query } = c.req.valid("query");
    const state = await engine.load(c.get("principal"), workflowId(c.req.valid("param").id));
    const receipts = byOrdinal(state.receipts.values()).filter(
      (receipt) =>
        (cycle === undefined || receipt.cycle === cycle) &&
        (criterion === undefined || receipt.criterion === criterion),
    );
    const page = pageOf(receipts.map(toReceiptView), query);
    linkNext(c, page.next_cursor);
    return c.json(page, 200);
  });

  app.openapi(contract.readReceipt, async (c) => {
    const { id, receipt_id } = c.req.valid("param");
    const state = await engine.load(c.get("principal"), workflowId(id));
    const receipt = state.receipts.get(receipt_id);
    if (receipt === undefined)
      throw new HttpError(
        "receipt_not_found",
        "This workflow has no receipt with this id; list its receipts.",
      );
    return c.json(toReceiptView(receipt), 200);
  });

  app.openapi(contract.readDiff, async (c) => {
    const id = workflowId(c.req.valid("param").id);
    const diff = await engine.diff(c.get("principal"), id, c.req.valid("query"));
    return c.body(diff, 200, { "content-type": "text/x-diff; charset=utf-8" });
  });

  app.openapi(contract.listFiles, async (c) => {
    const { tree, ...query } = c.req.valid("query");
    const id = workflowId(c.req.valid("param").id);
    const files = await engine.tree(c.get("principal"), id, tree);
    const page = pageOf(
      files.map((file) => toFileView(id, file)),
      query,
    );
    linkNext(c, page.next_cursor);
    return c.json(page, 200);
  });

  // The path of a file goes on over slashes, which OpenAPI has no words for.
  const readFile = { ...contract.readFile, path: contract.readFile.path.replace("{path}", ":path{.+}") };
  app.openapi(readFile, async (c) => {
    const { id, path } = c.req.valid("param");
    const { tree } = c.req.valid("query");
    const files = await engine.tree(c.get("principal"), workflowId(id), tree);
    const file = files.find((each) => each.path === path);
    if (file === undefined)
      throw new HttpError("file_not_found", "This tree has no file with this path; list its files.");
    return answerContent(c, file);
  });
}
