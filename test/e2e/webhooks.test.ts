import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";

import { type Receiver, startReceiver } from "../webhooks/receiver.ts";
import { CliUser } from "./cli-command.ts";
import { FakeModel } from "./fake-model.ts";
import { scriptedAnswers } from "./scripted-answers.ts";

const SECRET = `whsec_${Buffer.alloc(32, 3).toString("base64")}`;
const model = new FakeModel(scriptedAnswers());
let modelUrl: string;
beforeAll(async () => {
  modelUrl = await model.start();
});
afterAll(() => model.stop());

let receiver: Receiver;
let user: CliUser;
beforeEach(async () => {
  receiver = await startReceiver({ secrets: [SECRET] });
  user = await CliUser.create({
    ORCA_PROVIDERS__FAKE__KIND: "openai-compatible",
    ORCA_PROVIDERS__FAKE__BASE_URL: modelUrl,
    ORCA_DEFAULT_MODEL: "fake/m1",
    HOOK: SECRET,
  });
  const endpoint = `{ name: ops, url: "${receiver.url}", secret: "\${HOOK}" }`;
  await writeFile(join(user.home, "orca.yaml"), `webhooks: [${endpoint}]\n`);
});
afterEach(async () => {
  await user.leave();
  await receiver.close();
});

type Listed = { readonly data: { readonly id: string; readonly status: string; readonly type: string }[] };

async function messages(): Promise<Listed["data"]> {
  const { stdout } = await user.orca("webhooks", "--json");
  return (JSON.parse(stdout) as Listed).data;
}

test("a command that runs a workflow by itself tells of its end before it ends", async () => {
  const { code } = await user.orca("run", "Write three files.");
  expect(code).toBe(0);
  const told = receiver.received.map(({ type, problem }) => ({ type, problem }));
  expect(told).toContainEqual({ type: "workflow.completed", problem: null });
  expect((await messages()).every(({ status }) => status === "delivered")).toBe(true);
});

test("what a killed server had not sent is sent by the next one, under the ids that were written", async () => {
  const port = Number(new URL(receiver.url).port);
  await receiver.close();
  const first = await user.serve();
  const answer = await fetch(`${first.url}/api/v1/workflows`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ request: "Write three files." }),
  });
  const { id } = (await answer.json()) as { id: string };
  expect((await user.orca("workflows", "watch", id)).code).toBe(0);
  first.command.child.kill("SIGKILL");
  await first.command.ended;

  const waiting = await messages();
  expect(waiting.map(({ status }) => status)).toEqual(waiting.map(() => "pending"));
  expect(waiting.map(({ type }) => type)).toContain("workflow.completed");
  for (const { id: message } of waiting) {
    const { stdout, stderr } = await user.orca("webhooks", "redeliver", message);
    expect(stdout).toBe(`${message}  pending\n`);
    expect(stderr).toContain("no server is running that sends it");
  }
  receiver = await startReceiver({ secrets: [SECRET], port });
  await user.serve();
  const received = await receiver.until(waiting.length);
  expect(new Set(received.map((one) => one.id))).toEqual(new Set(waiting.map((one) => one.id)));
  expect(received.every(({ problem }) => problem === null)).toBe(true);
});
