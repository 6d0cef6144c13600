import type { SecretRow } from "../../ports/storage.ts";
import type { StorageDatabase } from "../schema.ts";

const COLUMNS = ["name", "key_id", "nonce", "ciphertext", "created_at", "updated_at"] as const;

type Put = { readonly secret: SecretRow; readonly replacing: string | null };

export async function putSecret(
  db: StorageDatabase,
  tenantId: string,
  { secret, replacing }: Put,
): Promise<Pick<SecretRow, "created_at"> | null> {
  const { key_id, nonce, ciphertext, updated_at } = secret;
  const change = { key_id, nonce, ciphertext, updated_at };
  if (replacing === null) {
    return db
      .insertInto("secrets")
      .values({ tenant_id: tenantId, ...secret })
      .onConflict((conflict) => conflict.columns(["tenant_id", "name"]).doUpdateSet(change))
      .returning("created_at")
      .executeTakeFirstOrThrow();
  }
  const changed = await db
    .updateTable("secrets")
    .set(change)
    .where("tenant_id", "=", tenantId)
    .where("name", "=", secret.name)
    .where("nonce", "=", replacing)
    .returning("created_at")
    .executeTakeFirst();
  return changed ?? null;
}

export async function getSecret(
  db: StorageDatabase,
  tenantId: string,
  name: string,
): Promise<SecretRow | null> {
  const row = await db
    .selectFrom("secrets")
    .select(COLUMNS)
    .where("tenant_id", "=", tenantId)
    .where("name", "=", name)
    .executeTakeFirst();
  return row ?? null;
}

export function listSecrets(db: StorageDatabase, tenantId: string): Promise<SecretRow[]> {
  return db.selectFrom("secrets").select(COLUMNS).where("tenant_id", "=", tenantId).orderBy("name").execute();
}

export async function deleteSecret(db: StorageDatabase, tenantId: string, name: string): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom("secrets")
    .where("tenant_id", "=", tenantId)
    .where("name", "=", name)
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows) > 0;
}
