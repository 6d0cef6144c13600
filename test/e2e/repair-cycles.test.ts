import { afterEach, describe, expect, inject, test } from "vitest";

import { freshDatabase } from "../postgres/fresh-database.ts";
import { FakeModel } from "./fake-model.ts";
import { type Json, OrcaProcess } from "./orca-process.ts";
import { scriptedAnswers } from "./scripted-answers.ts";

const endings: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});

async function running(blocks: (cycle: number) => boolean, store: "sqlite" | "postgres") {
  const model = new FakeModel(scriptedAnswers(blocks));
  const url = await model.start();
  endings.push(() => model.stop());
  let database: string | null = null;
  if (store === "postgres") {
    const fresh = await freshDatabase(inject("postgresUrl"));
    endings.push(() => fresh.drop());
    database = fresh.url;
  }
  const orca = await OrcaProcess.prepare(url, database);
  endings.push(() => orca.remove());
  await orca.start();
  return { model, orca };
}

describe.each(["sqlite", "postgres"] as const)("repair on %s", (store) => {
  test("QA that keeps blocking fails the workflow after exactly max_qa_retries cycles", async () => {
    const { model, orca } = await running(() => true, store);
    const { body } = await orca.post("/workflows", { request: "Write three files.", max_qa_retries: 2 });
    const id = body["id"] as string;
    await orca.reached(id, "workflow.closed");

    const workflow = await orca.get(`/workflows/${id}`);
    expect(workflow["status"]).toBe("failed");
    expect(workflow["error"]).toMatchObject({ code: "stalled" });
    expect((workflow["findings"] as Json[]).map((finding) => finding["status"])).toContain("open");
    const steps = Object.keys(model.requestsPerStep(id));
    expect(steps.filter((step) => step.startsWith("qa:"))).toEqual(["qa:0", "qa:1", "qa:2"]);
    expect(steps.filter((step) => step.startsWith("architect:"))).toHaveLength(3);
    expect(steps).not.toContain("finalizer");
    expect(steps).toContain("refiner:1");

    const refused = await orca.post(`/workflows/${id}/resume`);
    expect(refused).toMatchObject({ status: 409, body: { code: "repair_exhausted" } });
    expect((await orca.post(`/workflows/${id}/resume`, { max_qa_retries: 3 })).status).toBe(200);
    await orca.reached(id, "repair.started");
  });

  test("a blocking finding that the repair settles leads to completion", async () => {
    const { orca } = await running((cycle) => cycle === 0, store);
    const { body } = await orca.post("/workflows", { request: "Write three files." });
    const id = body["id"] as string;
    await orca.reached(id, "workflow.closed");

    const workflow = await orca.get(`/workflows/${id}`);
    expect(workflow["status"]).toBe("completed");
    expect(workflow["findings"]).toMatchObject([{ id: "f1", status: "resolved", resolved_in_cycle: 1 }]);
    const artifact = (workflow["artifacts"] as Json[]).find((candidate) => candidate["path"] === "a.txt");
    expect(artifact).toMatchObject({ revision: 2 });
  });
});
