import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { Config } from "../../src/config/config.ts";
import type { ApprovalDetail } from "../../src/contract/approval-view.ts";
import { newestDelivery } from "../../src/core/workflow/state.ts";
import { createDeliveryExecutor } from "../../src/engine/executors/delivery-executor.ts";
import { setUp } from "../github/control.ts";
import { type FakeGitHub, startFakeGitHub } from "../github/fake-github.ts";
import type { Payload, Sending } from "../hooks/hook-world.ts";
import { HookWorld, SHOP, SITE, signatureOf } from "../hooks/hook-world.ts";
import { type Api, openApi, problemIn, STORES } from "./open-api.ts";

const ALLOWED = "https://github.com";

function hooksOf(...github: readonly object[]): Partial<Config> {
  const { hooks, workspace } = Config.parse({
    data_dir: "/",
    database: "sqlite:/none",
    hooks: { github },
    workspace: { allowed: [`${ALLOWED}/acme`] },
  });
  return { hooks, workspace };
}

function hookOf({ name, tenant, repository, secret }: typeof SITE): object {
  return { name, tenant, repositories: [repository], secret, label: "orca" };
}

/** Its repository is not among those to start from. */
const DOCS = { name: "docs", tenant: "acme", repository: "elsewhere/docs", secret: "the-secret-of-the-docs" };

/** Two tenants whose references lead to one value. */
const LEFT = { name: "left", tenant: "acme", repository: "acme/left", secret: "secret://LEFT_HOOK" };
const RIGHT = { name: "right", tenant: "rival", repository: "rival/right", secret: "secret://RIGHT_HOOK" };
const SHARED = "one secret for both of them";
/** Its results go to GitHub. */
const APP = { name: "app", tenant: "default", repository: "acme/app", secret: "the-secret-of-the-app" };
const TOKEN = "token-of-the-hooks-test";

async function openHooks(
  store: (typeof STORES)[number],
  more: Partial<Config> = {},
): Promise<[Api, HookWorld]> {
  const site = {
    ...hookOf(SITE),
    delivery: { action: "github-pr", config: { token: "secret://GITHUB_TOKEN" } },
  };
  const shop = { ...hookOf(SHOP), workspace: false };
  const app = { ...hookOf(APP), workspace: false, delivery: { action: "github-pr" } };
  const hooks = hooksOf(site, shop, hookOf(DOCS), hookOf(LEFT), hookOf(RIGHT), app);
  const secrets = { key: randomBytes(32).toString("base64"), previous_key: null, environment: [] };
  const api = await openApi({ store, config: { ...hooks, secrets, ...more } });
  for (const { tenant } of [SITE, APP]) await api.secrets.store.set(tenant, "GITHUB_TOKEN", TOKEN);
  return [api, new HookWorld(api.url)];
}

describe.each(STORES)("on %s", (store) => {
  let api: Api;
  let world: HookWorld;
  beforeAll(async () => {
    [api, world] = await openHooks(store);
  });
  afterAll(() => api.close());

  test("a label and a comment each start a workflow, in the name of who asked for it", async () => {
    let labeled = "";
    let commented = "";
    const started = await world.startedBy(async () => {
      labeled = await world.honest(world.label(), { event: "issues" });
      commented = await world.honest(world.comment());
    });
    expect(started).toEqual(new Set([labeled, commented]));
    const tenant = api.storage.forTenant(SITE.tenant);
    const [created] = await tenant.readEvents(commented, { after: 0, limit: 1 });
    expect(created).toMatchObject({ type: "workflow.created", actor: "github:ada" });
    const { settings } = await api.engine.load({ tenant_id: SITE.tenant, actor: "test" }, commented);
    expect(settings).toMatchObject({
      given_title: "Dates are off by a day",
      workspace: { repo: `${ALLOWED}/${SITE.repository}` },
      delivery: { action: "github-pr", config: { repo: SITE.repository, comment_on: expect.any(Number) } },
      gates: ["delivery"],
    });
    expect(settings.request).toMatch(
      /^mend the dates\n\n[^]*<untrusted source="github issue acme\/site#\d+">/,
    );
  });

  // Where nodes share a store, many can meet; on SQLite one writes after the other.
  const copiesAtOnce = store === "postgres" ? 100 : 20;
  test(`of ${copiesAtOnce} copies at once exactly one starts one`, async () => {
    const first = { body: JSON.stringify(world.comment()), id: randomUUID() };
    const started = await world.startedBy(async () => {
      const copies = Array.from({ length: copiesAtOnce }, (_, index) =>
        world.send(index % 2 === 0 ? first : { ...first, id: randomUUID() }),
      );
      const statuses = (await Promise.all(copies)).map(({ status }) => status);
      expect(new Set(statuses).difference(new Set([200, 201, 409]))).toEqual(new Set());
    });
    expect(started.size).toBe(1);
  });

  test("GitHub's own redelivery is answered with the same workflow", async () => {
    const payload = world.comment();
    const first: Sending = { body: JSON.stringify(payload), id: randomUUID() };
    const started = await world.send(first);
    expect(started.status).toBe(201);
    expect(await world.send(first)).toEqual({ status: 200, workflow_id: started.workflow_id });
    expect(await world.send({ ...first, id: randomUUID() })).toEqual({ status: 409, workflow_id: null });
    const other = JSON.stringify(world.comment());
    expect(await world.send({ ...first, body: other })).toEqual({ status: 409, workflow_id: null });
  });

  test("a crash between remembering and creating loses and doubles nothing", async () => {
    const body = JSON.stringify(world.comment());
    const id = randomUUID();
    const signature = signatureOf(body, SITE.secret);
    const delivery = { event: "issue_comment", delivery_id: id, signature, body: Buffer.from(body) };
    const hooks = api.parts.githubHooks!;
    const early = await world.startedBy(async () => {
      expect(await hooks.receive(delivery)).toMatchObject({ kind: "start" });
      expect(await world.send({ body, id: randomUUID() })).toEqual({ status: 409, workflow_id: null });
    });
    expect(early.size).toBe(0);
    let standing = "";
    const late = await world.startedBy(async () => {
      standing = await world.honest({}, { body, id });
      expect(await hooks.receive(delivery)).toEqual({ kind: "known", workflow_id: standing });
    });
    expect(late).toEqual(new Set([standing]));
  });
});

describe("an answer", () => {
  let api: Api;
  let world: HookWorld;
  let github: FakeGitHub;
  beforeAll(async () => {
    github = await startFakeGitHub();
    [api, world] = await openHooks("sqlite", {
      delivery: { github: { api_url: github.origin } } as never,
    });
    const { secrets, parts } = api;
    const delivery = createDeliveryExecutor({ actions: parts.deliveryActions, secrets });
    Object.assign(api.script.executors, { delivery });
    await secrets.store.set(LEFT.tenant, "LEFT_HOOK", SHARED);
    await secrets.store.set(RIGHT.tenant, "RIGHT_HOOK", SHARED);
  });
  afterAll(async () => {
    await api.close();
    await github.close();
  });

  async function post(payload: Payload, sending: { secret?: string; headers?: Record<string, string> } = {}) {
    const body = JSON.stringify(payload);
    return api.call("/hooks/github", {
      method: "POST",
      body,
      headers: {
        "content-type": "application/json",
        "x-github-event": "issue_comment",
        "x-github-delivery": randomUUID(),
        "x-hub-signature-256": signatureOf(body, sending.secret ?? SITE.secret),
        ...sending.headers,
      },
    });
  }

  test("to a forgery is the same as to another tenant's right signature", async () => {
    const unlike = ["request_id"];
    const bodyOf = async (answer: Response): Promise<object> => {
      expect(answer.status).toBe(401);
      const problem = await problemIn(answer);
      return Object.fromEntries(Object.entries(problem).filter(([key]) => !unlike.includes(key)));
    };
    const forged = await bodyOf(await post(world.comment(), { secret: "never heard of this one" }));
    expect(forged).toMatchObject({ code: "hook_refused" });
    expect(await bodyOf(await post(world.comment(), { secret: SHOP.secret }))).toEqual(forged);
    expect(await bodyOf(await post(world.comment({ repository: "acme/none" })))).toEqual(forged);
    expect(await bodyOf(await post(world.comment(), { headers: { "x-hub-signature-256": "" } }))).toEqual(
      forged,
    );
  });

  test("says why an event starts nothing", async () => {
    const answer = await post(world.comment({ comment: { author_association: "NONE" } }));
    expect(answer.status).toBe(202);
    expect(await answer.json()).toEqual({ status: "ignored", reason: "not_permitted" });
    const stale = await post(world.comment({ comment: { created_at: world.time(90_000) } }));
    expect(await problemIn(stale)).toMatchObject({ status: 422, code: "hook_out_of_time" });
  });

  test("to a ping is friendly, also to one about no repository", async () => {
    const ping = { headers: { "x-github-event": "ping" } };
    for (const payload of [
      world.comment(),
      { zen: "Keep it logically awesome.", hook: { type: "Organization" } },
    ])
      expect(await (await post(payload, ping)).json()).toEqual({ status: "pong" });
    expect((await post({ zen: "x" }, { ...ping, secret: "never heard of this one" })).status).toBe(401);
    expect((await post({ zen: "x" })).status).toBe(401);
  });

  test("tells how to set the content type", async () => {
    const answer = await post(world.comment(), {
      headers: { "content-type": "application/x-www-form-urlencoded" },
    });
    expect(await problemIn(answer)).toMatchObject({
      status: 415,
      detail: expect.stringContaining("application/json"),
    });
  });

  test("comes whatever the server is called: a tunnel or a proxy leads to it", async () => {
    const body = JSON.stringify(world.comment());
    const answer = await world.send({ body, headers: { host: "hooks.acme.example" } });
    expect(answer.status).toBe(201);
    const elsewhere = await world.send({
      body,
      path: "/api/v1/workflows",
      headers: { host: "hooks.acme.example" },
    });
    expect(elsewhere.status).toBe(403);
  });

  test("says what is wrong with the settings of the hook", async () => {
    const started = await world.startedBy(async () => {
      const answer = await post(world.comment({ repository: DOCS.repository }), { secret: DOCS.secret });
      expect(await problemIn(answer)).toMatchObject({ status: 422, code: "invalid_workspace" });
    });
    expect(started.size).toBe(0);
  });

  test("to what several tenants could have signed is a refusal, until each has a secret of its own", async () => {
    const of = ({ repository }: typeof LEFT) =>
      world.comment({ repository, comment: { author_association: "NONE" } });
    for (const payload of [of(LEFT), of(RIGHT), { zen: "x" }])
      expect((await post(payload, { secret: SHARED })).status).toBe(401);
    expect(api.logged).toContainEqual(
      expect.objectContaining({
        level: "warn",
        hooks: [LEFT.name, RIGHT.name],
        message: expect.stringContaining("give each tenant another one") as unknown,
      }),
    );
    expect(JSON.stringify(api.logged)).not.toContain(SHARED);
    // Of the others nothing is lost by it.
    expect((await post(world.comment())).status).toBe(201);
  });

  test("to an honest hook comes at once while strangers send theirs as slowly as they may", async () => {
    const { port } = new URL(api.url);
    const strangers = (length: number, declared: number) =>
      Array.from({ length }, () => {
        const socket = connect(Number(port), "127.0.0.1");
        const head = [
          "POST /hooks/github HTTP/1.1",
          "host: localhost",
          "content-type: application/json",
          `content-length: ${declared}`,
          "x-github-event: issues",
          `x-github-delivery: ${randomUUID()}`,
          `x-hub-signature-256: sha256=${"0".repeat(64)}`,
        ];
        socket.on("error", () => undefined);
        socket.write(`${head.join("\r\n")}\r\n\r\n{`);
        return socket;
      });
    const sockets = [...strangers(8, 1_000_000), ...strangers(256, 1_000)];
    const [long, , , , , , , , small] = sockets;
    const shutOut = Promise.all(
      [long!, small!].map(async (socket) => String((await once(socket, "data"))[0])),
    );
    // Each takes the place of one who was there before.
    sockets.push(...strangers(1, 1_000));
    expect(await world.send({ body: `"${"x".repeat(500_000)}"` })).toMatchObject({ status: 401 });
    expect(await world.send({ body: JSON.stringify(world.comment()) })).toMatchObject({ status: 201 });
    for (const answer of await shutOut) expect(answer).toMatch(/^HTTP\/1\.1 503 .*hooks_busy/s);
    for (const socket of sockets) socket.destroy();
  });

  test("to a comment on an issue is in the end one pull request, and its link on that issue", async () => {
    setUp(github.world, {
      tokens: { [TOKEN]: { login: "orca-bot", scopes: ["repo"] } },
      organizations: { acme: ["orca-bot"] },
      repositories: { [APP.repository]: { files: { "README.md": "# App\n" }, issues: 3 } },
    });
    const payload = world.comment({ repository: APP.repository, issue: { number: 3 } });
    const sending = { body: JSON.stringify(payload), id: randomUUID(), secret: APP.secret };
    const id = await world.honest(payload, sending);
    await api.reached(id, "approval.requested");
    const approval = `/api/v1/approvals/${id}:ap1`;
    const { shown } = (await (await api.call(approval)).json()) as ApprovalDetail;
    expect((await api.post(`${approval}/respond`, { verb: "approve", shown })).status).toBe(200);
    await api.closed(id);
    expect(await world.honest(payload, sending)).toBe(id);
    const { pulls, comments, branches } = github.world.snapshot()[APP.repository]!;
    expect(pulls).toMatchObject([{ state: "open", base: "main" }]);
    expect(Object.keys(branches[pulls[0]!.head]!.files)).toContain("docs/café (1).md");
    const link = `${github.web}/${APP.repository}/pull/${pulls[0]!.number}`;
    expect(comments).toMatchObject([{ issue: 3, body: expect.stringContaining(link) as unknown }]);
    const delivery = newestDelivery(await api.engine.load({ tenant_id: APP.tenant, actor: "test" }, id));
    expect(delivery).toMatchObject({ action: "github-pr", status: "delivered" });
    expect(delivery?.links).toContain(link);
  });
});

test("without a configured hook there is no such path", async () => {
  const api = await openApi();
  const answer = await new HookWorld(api.url).send({ body: "{}" });
  expect(answer.status).toBe(404);
  await api.close();
});
