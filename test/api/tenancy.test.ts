import { afterAll, beforeAll, expect, test } from "vitest";

import { ROUTES } from "../../src/contract/openapi-document.ts";
import { type Api, openApi } from "./open-api.ts";

let api: Api;
beforeAll(async () => {
  api = await openApi();
});
afterAll(() => api.close());

const UNKNOWN = "wf_00000000000000000000000000000000";
const JSON_BODY = { "content-type": "application/json" };
const withId = ROUTES.filter((route) => route.path.includes("{id}"));

test.each(withId)(
  "$method $path answers another tenant's id like an unknown one",
  async ({ method, path }) => {
    const { id } = await api.create("Mine.", { "x-tenant-id": "owner" });
    await api.closed(id, "owner");
    const ask = async (
      workflowId: string,
      tenant: string,
    ): Promise<{ status: number; body: string; headers: string }> => {
      const target = path
        .replace("{id}", workflowId)
        .replace("{artifact_id}", "a1")
        .replace("{step_id}", "director")
        .replace("{receipt_id}", "r1")
        .replace("{criterion_id}", "AC1")
        .replace("{finding_id}", "f1")
        .replace("{path}", "a.txt")
        .replace("{attempt}/{ordinal}", "1/1");
      const query = path.endsWith("/diff") ? "?from=cycle-0&to=latest" : "";
      const body = /\/(waive|skip)$/.test(path) ? { body: JSON.stringify({ reason: "Mine." }) } : {};
      const answer = await api.call(target + query, {
        method: method.toUpperCase(),
        headers: { "x-tenant-id": tenant, "x-request-id": "same", ...("body" in body && JSON_BODY) },
        ...body,
      });
      const headers = [...answer.headers].filter(([name]) => name !== "date");
      return {
        status: answer.status,
        body: (await answer.text()).replaceAll(workflowId, UNKNOWN),
        headers: JSON.stringify(headers),
      };
    };
    const foreign = await ask(id, "stranger");
    expect(foreign).toEqual(await ask(UNKNOWN, "stranger"));
    expect(foreign.status).toBe(404);
    expect(foreign.body).toContain("workflow_not_found");
    expect((await ask(id, "owner")).body).not.toContain("workflow_not_found");
  },
);

test("a tenant lists only its own workflows, and a cursor opens nothing else", async () => {
  for (const tenant of ["left", "right"]) {
    for (const request of ["one", "two"]) await api.create(request, { "x-tenant-id": tenant });
  }
  const page = async (tenant: string, query: string) => {
    const answer = await api.call(`/api/v1/workflows?${query}`, { headers: { "x-tenant-id": tenant } });
    return (await answer.json()) as { data: { tenant_id: string }[]; next_cursor: string };
  };
  const { next_cursor } = await page("left", "limit=1");
  for (const { tenant_id } of (await page("right", `limit=10&cursor=${next_cursor}`)).data)
    expect(tenant_id).toBe("right");
  expect((await page("right", "limit=10")).data.map((row) => row.tenant_id)).toEqual(["right", "right"]);
});

test("the scope of the header is the workflow's", async () => {
  expect(await api.create("Scoped.", { "x-scope-id": "team-1" })).toMatchObject({ scope_id: "team-1" });
});
