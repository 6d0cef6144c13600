import { setImmediate as turn } from "node:timers/promises";

import { expect, test } from "vitest";

import { Turnstile } from "./turnstile.ts";

test("at most so many are inside, in the order in which they came", async () => {
  const turnstile = new Turnstile(2);
  const begun: number[] = [];
  const ends = [0, 1, 2, 3].map(() => Promise.withResolvers<void>());
  ends.forEach(({ promise }, index) =>
    turnstile.enter(() => {
      begun.push(index);
      return promise;
    }),
  );
  expect(begun).toEqual([0, 1]);
  ends[1]?.resolve();
  await turn();
  await turn();
  expect(begun).toEqual([0, 1, 2]);
  for (const { resolve } of ends) resolve();
  await turn();
  await turn();
  expect(begun).toEqual([0, 1, 2, 3]);
});

test("works that end at once leave the loop its turns", async () => {
  const turnstile = new Turnstile(2);
  let begun = 0;
  for (let work = 0; work < 10; work += 1) {
    turnstile.enter(() => {
      begun += 1;
      return Promise.resolve();
    });
  }
  await Promise.resolve();
  expect(begun).toBe(2);
  await expect.poll(() => begun).toBe(10);
});
