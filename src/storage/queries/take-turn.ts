import type { StorageDatabase } from "../schema.ts";

export type Turn = { readonly name: string; readonly now: number; readonly until: number };

/** Of several that ask at once exactly one gets true. */
export async function takeTurn(db: StorageDatabase, { name, now, until }: Turn): Promise<boolean> {
  const taken = await db
    .insertInto("maintenance")
    .values({ name, taken_until: until })
    .onConflict((conflict) =>
      conflict.column("name").doUpdateSet({ taken_until: until }).where("maintenance.taken_until", "<=", now),
    )
    .returning("name")
    .executeTakeFirst();
  return taken !== undefined;
}
