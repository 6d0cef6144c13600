import { join } from "node:path";

import type { OpenAPIHono } from "@hono/zod-openapi";

import { type Bundle, buildBundle } from "../../bundle/build-bundle.ts";
import { BundleError } from "../../bundle/bundle-error.ts";
import { KeptBundles, type OpenBundle } from "../../bundle/kept-bundles.ts";
import * as contract from "../../contract/bundle-routes.ts";
import { OrcaError } from "../../core/orca-error.ts";
import { dispositionOf, namesEtag } from "../artifact-content.ts";
import { byteRange, type ByteRange } from "../byte-range.ts";
import { HttpError } from "../http-error.ts";
import type { Context, ServerEnv } from "../server-env.ts";
import type { ServerParts } from "../server-parts.ts";
import { workflowId } from "../workflow-id.ts";

type Parts = Pick<ServerParts, "engine" | "config" | "shutdown" | "logger">;

/** What deliveries have made for download: the archives, and documents. */
export function bundleRoutes(app: OpenAPIHono<ServerEnv>, parts: Parts): void {
  const bundles = keptBundles(parts);
  app.openapi(contract.readBundle, async (c) => {
    const id = workflowId(c.req.valid("param").id);
    const { format } = c.req.valid("query");
    const principal = c.get("principal");
    const state = await parts.engine.load(principal, id);
    // Every change of the workflow is a version of its own, so this names what will be in it.
    const key = [principal.tenant_id, id, state.head.version, format].join("/");
    const make = async (): Promise<Bundle> =>
      buildBundle(await parts.engine.deliverable(principal, id), format);
    const bundle = await bundles.open(key, make).catch((error: unknown) => {
      throw error instanceof BundleError ? new HttpError("bundle_impossible", error.message) : error;
    });
    return answerBundle(c, bundle);
  });

  app.openapi(contract.readDeliveryDocument, async (c) => {
    const { id, delivery_id, name } = c.req.valid("param");
    const state = await parts.engine.load(c.get("principal"), workflowId(id));
    const delivery = state.deliveries.get(delivery_id);
    if (delivery === undefined)
      throw new OrcaError("delivery_not_found", "This workflow has no delivery with this id.");
    const document = delivery.documents.find((each) => each.name === name);
    if (document === undefined)
      throw new HttpError("document_not_found", `This delivery has made no ${name}; read its documents.`);
    return answerDocument(c, document);
  });
}

function keptBundles({ config, shutdown, logger }: Parts): KeptBundles {
  const bundles = new KeptBundles(join(config.data_dir, "bundles"));
  const close = (): void => {
    bundles.close().catch((error: unknown) => logger.warn({ error }, "bundles were not let go of"));
  };
  shutdown.addEventListener("abort", close, { once: true });
  return bundles;
}

/** All of it or the range that was asked for; whoever answers has to release it. */
async function answerBundle(c: Context, bundle: OpenBundle): Promise<Response> {
  const { size, sha256, file_name, media_type } = bundle;
  const etag = `"${sha256}"`;
  c.header("etag", etag);
  c.header("accept-ranges", "bytes");
  c.header("cache-control", "private, no-cache");
  c.header("content-disposition", dispositionOf(file_name, "attachment"));
  if (namesEtag(c.req.header("if-none-match"), etag)) {
    await bundle.release();
    return c.body(null, 304);
  }
  const range = rangeOf(c, etag, size);
  if (range === "unsatisfiable") {
    await bundle.release();
    const detail = `The bundle has ${size} bytes; ask for a range that begins before its end.`;
    throw new HttpError("range_not_satisfiable", detail, { headers: { "content-range": `bytes */${size}` } });
  }
  const { start, end } = range ?? { start: 0, end: size };
  const headers = {
    "content-type": media_type,
    "content-length": String(end - start),
    ...(range === null ? {} : { "content-range": `bytes ${start}-${end - 1}/${size}` }),
  };
  const status = range === null ? 200 : 206;
  if (c.req.method === "HEAD") {
    await bundle.release();
    return c.body(null, status, headers);
  }
  return c.body(streamOf(bundle, { start, end }), status, headers);
}

/** Only a GET has ranges; If-Range lets them hold for no other bytes than those of this ETag. */
function rangeOf(c: Context, etag: string, size: number): ReturnType<typeof byteRange> {
  const condition = c.req.header("if-range");
  if (c.req.method !== "GET" || (condition !== undefined && condition.trim() !== etag)) return null;
  return byteRange(c.req.header("range"), size);
}

/** Gives the bundle back at its end, and also when nobody has read any of it. */
function streamOf(bundle: OpenBundle, { start, end }: ByteRange): ReadableStream<Uint8Array> {
  const pieces = bundle.read(start, end);
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const { value } = await pieces.next();
        if (value !== undefined) return controller.enqueue(value);
        await bundle.release();
        controller.close();
      },
      cancel: () => bundle.release(),
    },
    { highWaterMark: 0 },
  );
}

type Document = { readonly name: string; readonly media_type: string; readonly hash: string };

/** A page is saved rather than shown, and runs and loads nothing where it is shown all the same. */
async function answerDocument(c: Context, { name, media_type, hash }: Document): Promise<Response> {
  const etag = `"${hash}"`;
  c.header("etag", etag);
  c.header("cache-control", "private, no-cache");
  if (namesEtag(c.req.header("if-none-match"), etag)) return c.body(null, 304);
  const content = await c.get("storage").readBlob(hash);
  if (content === null) throw new Error(`blob ${hash} of the document ${name} is missing`);
  c.header("content-security-policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'");
  c.header(
    "content-disposition",
    dispositionOf(name, media_type === "text/markdown" ? "inline" : "attachment"),
  );
  return c.body(content, 200, { "content-type": `${media_type}; charset=utf-8` });
}
