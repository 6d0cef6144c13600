import type { OpenAPIHono } from "@hono/zod-openapi";

import * as contract from "../../contract/secret-routes.ts";
import { holdsToken } from "../../core/literal-secrets.ts";
import { secretName } from "../../core/secret-reference.ts";
import { SecretError } from "../../ports/secrets.ts";
import { HttpError } from "../http-error.ts";
import { linkNext, pageOf } from "../page.ts";
import type { ServerEnv } from "../server-env.ts";
import type { ServerParts } from "../server-parts.ts";

/** The tenant's stored secrets; values only ever come in. */
export function secretRoutes(
  app: OpenAPIHono<ServerEnv>,
  { secrets: { store } }: Pick<ServerParts, "secrets">,
): void {
  app.openapi(contract.setSecret, async (c) => {
    const name = nameIn(c.req.valid("param").name);
    const { value } = c.req.valid("json");
    const secret = await store.set(c.get("principal").tenant_id, name, value).catch(asProblem);
    return c.json(secret, secret.created_at === secret.updated_at ? 201 : 200);
  });

  app.openapi(contract.listSecrets, async (c) => {
    const page = pageOf(await store.list(c.get("principal").tenant_id), c.req.valid("query"));
    linkNext(c, page.next_cursor);
    return c.json(page, 200);
  });

  app.openapi(contract.deleteSecret, async (c) => {
    const name = nameIn(c.req.valid("param").name);
    if (await store.delete(c.get("principal").tenant_id, name)) return c.body(null, 204);
    throw new HttpError("secret_not_found", `There is no stored secret ${name}; list them for their names.`);
  });

  app.openapi(contract.rotateSecrets, async (c) => {
    const { rotated, unreadable } = await store.rotate(c.get("principal").tenant_id).catch(asProblem);
    return c.json({ rotated, unreadable: [...unreadable] }, 200);
  });
}

/** Somebody may have given the value in the place of the name, so what is refused is not repeated. */
function nameIn(given: string): string {
  const name = holdsToken(given) ? null : secretName(`secret://${given}`);
  if (name !== null) return name;
  throw new HttpError(
    "invalid_secret_name",
    "A secret is named with letters, digits and underscores, beginning with no digit, such as GITHUB_TOKEN; its value goes into the body.",
    { details: [{ pointer: "/path/name", detail: "no name for a secret" }] },
  );
}

function asProblem(error: unknown): never {
  if (error instanceof SecretError && error.code === "secret_key_missing")
    throw new HttpError("secret_key_missing", error.message);
  throw error;
}
