import { hash } from "node:crypto";

import { expect, test } from "vitest";

import { BUNDLE_FORMATS, buildBundle } from "../../bundle/build-bundle.ts";
import { bytesOf } from "../../bundle/unpacked.testsuite.ts";
import { DeliveryError } from "../../ports/delivery-action.ts";
import { deliveryActionSuite, deliveryContext } from "../delivery-action.testsuite.ts";
import { artifactBundleAction } from "./artifact-bundle-action.ts";

deliveryActionSuite("artifact-bundle", () =>
  Promise.resolve({
    action: artifactBundleAction,
    config: {},
    result: () => Promise.resolve(null),
    close: () => Promise.resolve(),
  }),
);

test("the receipt tells the sums and sizes of the bundles that are served", async () => {
  const context = deliveryContext([["a.txt", "a\n"]]);
  const { links, metadata } = await artifactBundleAction.deliver({}, context);
  const place = `/api/v1/workflows/${context.workflow_id}/bundle`;
  expect(links).toEqual([`${place}?format=zip`, `${place}?format=tar.gz`]);
  for (const format of BUNDLE_FORMATS) {
    const bytes = await bytesOf(buildBundle(context, format).bytes);
    expect(metadata).toContainEqual({ name: `${format} sha256`, value: hash("sha256", bytes, "hex") });
    expect(metadata).toContainEqual({ name: `${format} bytes`, value: String(bytes.length) });
  }
});

test("a tree that would be unpacked elsewhere fails the delivery and says which file it is", async () => {
  const failed = artifactBundleAction.deliver({}, deliveryContext([["../a.txt", "a"]]));
  await expect(failed).rejects.toThrow(DeliveryError);
  await expect(failed).rejects.toThrow(/"\.\.\/a\.txt"/);
});

test("it stops when the step does", async () => {
  const signal = AbortSignal.abort(new Error("stopped"));
  const failed = artifactBundleAction.deliver({}, deliveryContext([["a.txt", "a"]], { signal }));
  await expect(failed).rejects.toThrow("stopped");
});
