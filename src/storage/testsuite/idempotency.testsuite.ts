import { describe, expect, test } from "vitest";

import { AT } from "./a-commit.ts";
import { freshTenant, type StoreUnderTest } from "./store-under-test.testsuite.ts";

const ANSWER = {
  status: 201,
  headers: { location: "/api/v1/workflows/1" },
  body: '{"id":"1","text":"naïve \\u0000"}',
};

export function idempotencySuite(store: StoreUnderTest): void {
  describe("idempotency keys", () => {
    const aKey = (owner = "boot-1", fingerprint = "f1") => ({ key: "k", fingerprint, owner, created_at: AT });
    const open = () => store.storage().forTenant(freshTenant());

    test("of two that take a new key at once exactly one gets it", async () => {
      for (let round = 0; round < 20; round += 1) {
        const tenant = open();
        const answers = await Promise.all([
          tenant.takeIdempotencyKey(aKey()),
          tenant.takeIdempotencyKey(aKey()),
        ]);
        expect(answers.filter((answer) => answer === null)).toHaveLength(1);
        expect(answers.filter((answer) => answer !== null)).toEqual([{ ...aKey(), answer: null }]);
      }
    });

    test("an answered key gives the answer to everyone, for ever", async () => {
      const tenant = open();
      await tenant.takeIdempotencyKey(aKey());
      await tenant.answerIdempotencyKey("k", ANSWER);
      const answered = { ...aKey(), answer: ANSWER };
      expect(await tenant.takeIdempotencyKey(aKey())).toEqual(answered);
      expect(await tenant.takeIdempotencyKey(aKey("boot-2"))).toEqual(answered);
      await tenant.answerIdempotencyKey("k", { ...ANSWER, status: 500 });
      await tenant.releaseIdempotencyKey("k", aKey().owner);
      expect(await tenant.takeIdempotencyKey(aKey("boot-2", "f2"))).toEqual(answered);
    });

    test("a key left without an answer is taken over by the next process, once", async () => {
      const tenant = open();
      await tenant.takeIdempotencyKey(aKey("boot-1"));
      const answers = await Promise.all([
        tenant.takeIdempotencyKey(aKey("boot-2")),
        tenant.takeIdempotencyKey(aKey("boot-2")),
      ]);
      expect(answers.filter((answer) => answer === null)).toHaveLength(1);
      expect(await tenant.takeIdempotencyKey(aKey("boot-2"))).toEqual({ ...aKey("boot-2"), answer: null });
    });

    test("a key left without an answer is not taken over by another request", async () => {
      const tenant = open();
      await tenant.takeIdempotencyKey(aKey("boot-1", "f1"));
      const standing = await tenant.takeIdempotencyKey(aKey("boot-2", "f2"));
      expect(standing).toEqual({ ...aKey("boot-1", "f1"), answer: null });
    });

    test("a key that another has is not released", async () => {
      const tenant = open();
      await tenant.takeIdempotencyKey(aKey("boot-1"));
      await tenant.releaseIdempotencyKey("k", "boot-2");
      expect(await tenant.takeIdempotencyKey(aKey("boot-1"))).toEqual({ ...aKey("boot-1"), answer: null });
    });

    test("a released key is new again", async () => {
      const tenant = open();
      await tenant.takeIdempotencyKey(aKey());
      await tenant.releaseIdempotencyKey("k", aKey().owner);
      expect(await tenant.takeIdempotencyKey(aKey("boot-1", "f2"))).toBeNull();
    });
  });
}
