import { afterEach, expect, test } from "vitest";

import { seededFaults } from "../../../test/github/faults.ts";
import { deliveriesBy, FIRST, openScene, REPO, refusal, type Scene } from "../../../test/github/scene.ts";
import { DeliveryError } from "../../ports/delivery-action.ts";
import { createGitHubPrAction, type GitHubPrConfig } from "./github-pr-action.ts";

const scenes: Scene[] = [];
async function scene() {
  const opened = await openScene();
  scenes.push(opened);
  return { ...opened, action: createGitHubPrAction(opened.parts) };
}
afterEach(async () => {
  await Promise.all(scenes.splice(0).map(({ fake }) => fake.close()));
});

const config: GitHubPrConfig = { repo: REPO };
const { delivery } = deliveriesBy("github-pr");

/** With everything that can be asked for, so that every kind of effect is there to be repeated. */
async function fullScene() {
  const opened = await scene();
  const repository = opened.fake.world.repository(REPO);
  repository.collaborators.add("ada");
  const wanted: GitHubPrConfig = {
    repo: REPO,
    labels: ["orca"],
    reviewers: ["ada"],
    comment_on: repository.openIssue(),
  };
  return { ...opened, once: () => opened.action.deliver(wanted, delivery(FIRST)) };
}

test("every fault at every call leaves one branch, one commit, one pull request and one comment", async () => {
  const whole = await fullScene();
  await whole.once();
  const [expected, calls] = [whole.seen(), whole.fake.calls];
  expect(calls.filter(({ effects }) => effects.length > 0)).toHaveLength(7);
  for (const { number, effects } of calls) {
    // Only after an effect does it matter how the answer is lost.
    for (const fault of effects.length > 0 ? (["500", "dropped", "torn"] as const) : (["500"] as const)) {
      const opened = await fullScene();
      opened.fake.fail((call) => (call.number === number ? fault : null));
      expect((await refusal(opened.once())).temporary).toBe(true);
      await opened.once();
      expect({ fault, number, seen: opened.seen() }).toEqual({ fault, number, seen: expected });
    }
  }
}, 30_000);

test.each(["b", "f", "g"])("faults by seed %s, one after the other, end in the same", async (seed) => {
  const whole = await fullScene();
  await whole.once();
  const opened = await fullScene();
  opened.fake.fail(seededFaults(seed));
  let attempts = 1;
  for (; attempts < 50; attempts += 1) {
    const isDone = await opened.once().then(
      () => true,
      (error: DeliveryError) => !error.temporary,
    );
    if (isDone) break;
  }
  expect(attempts).toBeGreaterThan(1);
  expect(opened.seen()).toEqual(whole.seen());
});

test("a crash after every effect is followed by the same result", async () => {
  const whole = await scene();
  await whole.action.deliver(config, delivery(FIRST));
  for (const place of whole.passed) {
    const opened = await scene();
    const crash = new DeliveryError("crash");
    const crashing = createGitHubPrAction({
      ...opened.parts,
      failpoint: (name) => {
        if (name === place) throw crash;
      },
    });
    await expect(crashing.deliver(config, delivery(FIRST))).rejects.toBe(crash);
    await opened.action.deliver(config, delivery(FIRST));
    expect({ place, seen: opened.seen() }).toEqual({ place, seen: whole.seen() });
  }
});

test("what GitHub keeps otherwise than it was sent is not delivered", async () => {
  const opened = await scene();
  const garbling: typeof opened.parts.fetch = (input, init) => {
    const body = typeof init?.body === "string" ? init.body.replace("greet\\n", "grEEt\\n") : null;
    return opened.parts.fetch(input, { ...init, ...(body !== null && { body }) });
  };
  const action = createGitHubPrAction({ ...opened.parts, fetch: garbling });
  const error = await refusal(action.deliver(config, delivery(FIRST)));
  expect(error.message).toContain('GitHub has "src/greet.js" otherwise than it was sent');
  expect(Object.keys(opened.seen().branches)).toEqual(["main"]);
});
