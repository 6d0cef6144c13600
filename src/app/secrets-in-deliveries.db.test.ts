import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { Config } from "../config/config.ts";
import { openDelivery } from "../engine/delivery-context.ts";
import { ManualClock } from "../engine/testing/manual-clock.testsuite.ts";
import { type Deliverable, DeliveryError } from "../ports/delivery-action.ts";
import type { Storage } from "../ports/storage.ts";
import { openStorage } from "../storage/open-storage.ts";
import { recordingLogger } from "../storage/testsuite/store-under-test.testsuite.ts";
import { openSecrets } from "./open-secrets.ts";

const VALUE = `canary-${randomBytes(16).toString("hex")}`;

let directory: string;
let storage: Storage;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "orca-leaving-"));
  storage = await openStorage(`sqlite:${join(directory, "orca.db")}`, { logger: recordingLogger() });
});
afterAll(async () => {
  await storage.close();
  await rm(directory, { recursive: true, force: true });
});

type Scene = {
  readonly over?: Partial<Deliverable>;
  readonly changed?: boolean;
  readonly goesBack?: boolean;
  readonly given?: unknown;
};

function refusal(tenant_id: string, content: string, scene: Scene = {}): Promise<unknown> {
  const { over, changed = true, goesBack = false, given = {} } = scene;
  const deliverable = {
    tenant_id,
    workflow_id: "wf_1",
    tree_hash: "t",
    title: "A title",
    summary: "",
    delivery_notes: "",
    artifacts: [{ path: "a.txt", content, changed }],
    imported: { repo: "https://git.example/a", path: null, commit: "c" },
    report: {},
    ...over,
  } as unknown as Deliverable;
  const config = Config.parse({
    data_dir: directory,
    database: "sqlite:x",
    secrets: { key: "0f".repeat(32) },
  });
  const secrets = openSecrets({ config, storage, clock: new ManualClock() });
  const opened = openDelivery(
    secrets,
    { name: "github-pr", returnsTo: () => goesBack },
    { config: given, deliverable, signal: AbortSignal.timeout(10_000) },
  );
  return secrets.store
    .set("acme", "TOKEN", VALUE)
    .then(() => opened.refuseSecrets())
    .then(
      () => null,
      (error: unknown) => error,
    );
}

test.each([VALUE, Buffer.from(VALUE).toString("base64"), Buffer.from(VALUE).toString("hex")])(
  "a delivery that holds a secret of its tenant is refused before it has named it: %s",
  async (form) => {
    const error = await refusal("acme", `first\nvalue ${form}`);
    expect(error).toBeInstanceOf(DeliveryError);
    expect((error as Error).message).toContain("a.txt line 2");
    expect((error as Error).message).not.toContain(form);
    expect(await refusal("other", form)).toBeNull();
  },
);

test.each<[string, Scene]>([
  ["evidence", { over: { report: { criteria: [{ evidence: VALUE }] } as unknown as Deliverable["report"] } }],
  ["a title", { over: { title: `About ${VALUE}` } }],
  ["a configured text", { given: { body: `See ${VALUE}` } }],
])("%s that holds a secret is refused as well", async (_where, scene) => {
  expect(await refusal("acme", "harmless", scene)).toBeInstanceOf(DeliveryError);
});

test("what was there before goes back to where it came from, and nowhere else", async () => {
  const untouched = { changed: false };
  expect(await refusal("acme", VALUE, { ...untouched, goesBack: true })).toBeNull();
  expect(await refusal("acme", VALUE, untouched)).toBeInstanceOf(DeliveryError);
  expect(await refusal("acme", VALUE, { goesBack: true })).toBeInstanceOf(DeliveryError);
});
