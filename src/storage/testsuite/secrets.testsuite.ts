import { describe, expect, test } from "vitest";

import { aSecret, AT } from "./a-commit.ts";
import { freshTenant, type StoreUnderTest } from "./store-under-test.testsuite.ts";

const LATER = "2026-11-24T08:00:00.000Z";

export function secretsSuite(store: StoreUnderTest): void {
  const open = () => store.storage().forTenant(freshTenant());

  describe("secrets", () => {
    test("are kept by name, whatever the case of its letters", async () => {
      const tenant = open();
      const rows = ["TOKEN", "_token", "token"].map((name) => aSecret({ name, nonce: `of ${name}` }));
      for (const row of rows.toReversed()) await tenant.putSecret(row);
      expect(await tenant.listSecrets()).toEqual(rows);
      expect(await tenant.getSecret("token")).toEqual(aSecret({ name: "token", nonce: "of token" }));
      expect(await tenant.getSecret("Token")).toBeNull();
    });

    test("that are set again keep since when they are there", async () => {
      const tenant = open();
      expect(await tenant.putSecret(aSecret())).toEqual({ created_at: AT });
      const again = aSecret({ key_id: "ffffffff", nonce: "n", created_at: LATER, updated_at: LATER });
      expect(await tenant.putSecret(again)).toEqual({ created_at: AT });
      expect(await tenant.listSecrets()).toEqual([{ ...again, created_at: AT }]);
    });

    test("are replaced only where nobody was faster", async () => {
      const tenant = open();
      const change = aSecret({ nonce: "new", ciphertext: "new" });
      expect(await tenant.putSecret(change, "old")).toBeNull();
      expect(await tenant.listSecrets()).toEqual([]);
      await tenant.putSecret(aSecret({ nonce: "old" }));
      expect(await tenant.putSecret(change, "old")).toEqual({ created_at: AT });
      expect(await tenant.putSecret(aSecret({ nonce: "late" }), "old")).toBeNull();
      expect(await tenant.listSecrets()).toEqual([change]);
    });

    test("are gone once deleted", async () => {
      const tenant = open();
      await tenant.putSecret(aSecret({ name: "A" }));
      await tenant.putSecret(aSecret({ name: "B" }));
      expect(await tenant.deleteSecret("A")).toBe(true);
      expect(await tenant.deleteSecret("A")).toBe(false);
      expect(await tenant.getSecret("A")).toBeNull();
      expect((await tenant.listSecrets()).map(({ name }) => name)).toEqual(["B"]);
    });
  });
}
