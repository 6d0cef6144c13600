import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { Config } from "../../src/config/config.ts";
import { UsageView } from "../../src/contract/usage-view.ts";
import { createSpendLedger } from "../../src/spend/spend-ledger.ts";
import { type Api, openApi, problemIn, STORES } from "./open-api.ts";
import { answered, plant, requested } from "./planted-calls.ts";

const BUDGETS = { tenant: { day: { max_cost_usd: 5 } }, scope: { month: { max_tokens: 1_000_000 } } };
const { budgets } = Config.parse({ data_dir: "/d", database: "sqlite:x", budgets: BUDGETS });
const NONE = { calls_in_doubt: 0, in_doubt_tokens: 0, in_doubt_cost_usd: 0 };

describe.each(STORES)("usage on %s", (store) => {
  let api: Api;
  beforeAll(async () => {
    api = await openApi({ store, config: { budgets } });
    await plant(api, {
      id: "wf_team",
      scope_id: "team",
      calls: [
        answered({ ordinal: 1 }),
        answered({ ordinal: 2, role: "qa", cost_usd: 0.1, created_at: "2026-11-20T00:00:00.000Z" }),
        requested({ ordinal: 3 }),
      ],
    });
    await plant(api, {
      id: "wf_root",
      calls: [answered({ provider: "rack", model_asked: "llama,large", cost_usd: null })],
    });
    await plant(api, { tenant: "other", id: "wf_other", calls: [answered({ cost_usd: 99 })] });
  });
  afterAll(() => api.close());

  const PERIOD = "from=2026-11-01&to=2026-11-30";
  const ask = async (query: string, headers: Record<string, string> = {}) => {
    const answer = await api.call(`/api/v1/usage?${query}`, { headers });
    if (answer.status !== 200) throw new Error(await answer.text());
    return UsageView.strict().parse(await answer.json());
  };

  test("sums are of the caller's tenant; a cost with an unknown part is null, and says so", async () => {
    const { totals, data } = await ask(`${PERIOD}&group_by=scope`);
    expect(totals).toEqual({
      model_calls: 3,
      failed_calls: 0,
      input_tokens: 3_000,
      output_tokens: 600,
      cached_input_tokens: 30,
      cost_usd: null,
      cost_usd_known: 0.35,
      calls_without_price: 1,
      calls_in_doubt: 1,
      in_doubt_tokens: 9_000,
      in_doubt_cost_usd: 0.5,
    });
    expect(data).toMatchObject([
      { scope_id: null, model_calls: 1, cost_usd: null, cost_usd_known: 0, calls_without_price: 1, ...NONE },
      { scope_id: "team", model_calls: 2, cost_usd: 0.35, calls_without_price: 0, calls_in_doubt: 1 },
    ]);
    expect((await ask(`${PERIOD}&group_by=scope`, { "x-tenant-id": "other" })).totals.cost_usd).toBe(99);
    expect((await ask(PERIOD, { "x-tenant-id": "stranger" })).data).toEqual([]);
    expect((await ask(`${PERIOD}&workflow_id=wf_team`, { "x-tenant-id": "other" })).data).toEqual([]);
  });

  test("groups by several things, repeated or by commas, and filters", async () => {
    const rows = async (query: string) =>
      (await ask(`${PERIOD}&${query}`)).data.map(({ day, role, model, workflow_id }) => [
        day,
        role,
        model,
        workflow_id,
      ]);
    expect(await rows("group_by=role,model")).toEqual([
      [null, "implementer", "openai/gpt-5", null],
      [null, "implementer", "rack/llama,large", null],
      [null, "qa", "openai/gpt-5", null],
    ]);
    expect(await rows("group_by=day&group_by=workflow&scope_id=team")).toEqual([
      ["2026-11-20", null, null, "wf_team"],
      ["2026-11-23", null, null, "wf_team"],
    ]);
    expect(await rows("workflow_id=wf_root")).toEqual([["2026-11-23", null, null, null]]);
  });

  test("pages go through the groups; totals are of all", async () => {
    const first = await ask(`${PERIOD}&group_by=role,model&limit=2`);
    const second = await ask(`${PERIOD}&group_by=role,model&limit=2&cursor=${first.next_cursor}`);
    expect([first.data.length, second.data.length, second.next_cursor]).toEqual([2, 1, null]);
    expect(second.totals).toEqual(first.totals);
  });

  test("without a period it is the last thirty days", async () => {
    const { from, to, group_by } = await ask("");
    expect(Date.parse(to) - Date.parse(from)).toBe(29 * 86_400_000);
    expect(to).toBe(new Date().toISOString().slice(0, 10));
    expect(group_by).toEqual(["day"]);
    expect((await ask("to=2026-03-01")).from).toBe("2026-01-31");
  });

  test("CSV has a heading and every group", async () => {
    const answer = await api.call(`/api/v1/usage?${PERIOD}&group_by=model&limit=1`, {
      headers: { accept: "text/csv" },
    });
    expect(answer.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    expect(await answer.text()).toBe(
      [
        "day,scope_id,role,model,workflow_id,model_calls,failed_calls,input_tokens,cached_input_tokens,output_tokens,cost_usd,cost_usd_known,calls_without_price,calls_in_doubt,in_doubt_tokens,in_doubt_cost_usd",
        ",,,openai/gpt-5,,2,0,2000,20,400,0.35,0.35,0,1,9000,0.5",
        ',,,"rack/llama,large",,1,0,1000,10,200,,0,1,0,0,0',
        "",
      ].join("\r\n"),
    );
  });

  test("shared budgets tell what is used of them now", async () => {
    const ledger = createSpendLedger({ storage: api.storage, budgets });
    const place = { tenant_id: "spender", scope_id: "team", at: new Date().toISOString() };
    const headers = { "x-tenant-id": "spender" };
    const used = async (query: string) =>
      (await ask(query, headers)).budgets.map(({ of, per, used: sums }) => [of, per, sums]);
    expect(await used("scope_id=team")).toEqual([
      ["tenant", "day", { cost_usd: 0, tokens: 0, model_calls: 0 }],
      ["scope", "month", { cost_usd: 0, tokens: 0, model_calls: 0 }],
    ]);
    await ledger.reserve(place, { cost_usd: 1.5, tokens: 700 });
    await ledger.settle(place, { cost_usd: 1.5, tokens: 700 }, { cost_usd: 1.25, tokens: 500 });
    await ledger.reserve({ ...place, scope_id: null }, { cost_usd: 1, tokens: 7 });
    const spent = [
      ["tenant", "day", { cost_usd: 2.25, tokens: 507, model_calls: 2 }],
      ["scope", "month", { cost_usd: 1.25, tokens: 500, model_calls: 1 }],
    ];
    expect(await used("scope_id=team")).toEqual(spent);
    expect(await used("")).toEqual(spent.slice(0, 1));
    expect((await ask("", { ...headers, "x-scope-id": "team" })).budgets).toHaveLength(2);
    expect((await ask("", headers)).budgets[0]).toMatchObject({ max_cost_usd: 5, max_tokens: null });
  });

  test.each([
    ["from=2026-02-30", "/query/from"],
    ["to=yesterday", "/query/to"],
    ["from=2026-11-02&to=2026-11-01", "/query/from"],
    ["from=2025-11-01&to=2026-11-02", "/query/from"],
    ["group_by=day,colour", "/query/group_by/1"],
    ["group_bye=day", "/query/group_bye"],
    ["limit=0", "/query/limit"],
  ])("%s is refused", async (query, pointer) => {
    const problem = await problemIn(await api.call(`/api/v1/usage?${query}`));
    expect(problem).toMatchObject({ status: 422, code: "invalid_request", errors: [{ pointer }] });
  });
});
