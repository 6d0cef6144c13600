import { createRoute, z } from "@hono/zod-openapi";

import { NoQuery, PageQuery } from "./paging.ts";
import { PostHeaders, TenantHeaders } from "./request-headers.ts";
import { body, json, page, refused } from "./route-parts.ts";
import { RotatedSecretsView, SecretView, SetSecretBody } from "./secret-view.ts";
import { NoFields } from "./workflow-request.ts";

const SecretPath = z.object({
  name: z.string().describe("Letters, digits and underscores, beginning with no digit; 128 at most."),
});

const SECRET = "/api/v1/secrets/{name}";

export const setSecret = createRoute({
  method: "put",
  path: SECRET,
  operationId: "setSecret",
  tags: ["secrets"],
  summary: "Store a secret of the tenant, or replace it",
  description:
    "Delivery configurations name it as `secret://NAME`. The value is kept encrypted and is never read back; a repeat is harmless.",
  request: { headers: TenantHeaders, params: SecretPath, query: NoQuery, body: body(SetSecretBody, true) },
  responses: {
    200: json(SecretView, "Replaced."),
    201: json(SecretView, "Stored."),
    400: refused,
    409: refused,
    413: refused,
    415: refused,
    422: refused,
  },
});

export const listSecrets = createRoute({
  method: "get",
  path: "/api/v1/secrets",
  operationId: "listSecrets",
  tags: ["secrets"],
  summary: "List the names of the tenant's stored secrets",
  request: { headers: TenantHeaders, query: PageQuery },
  responses: { 200: page(SecretView, "SecretList", "A page of names, by name."), 422: refused },
});

export const deleteSecret = createRoute({
  method: "delete",
  path: SECRET,
  operationId: "deleteSecret",
  tags: ["secrets"],
  summary: "Delete a stored secret",
  request: { headers: TenantHeaders, params: SecretPath, query: NoQuery },
  responses: { 204: { description: "It is gone." }, 404: refused, 422: refused },
});

export const rotateSecrets = createRoute({
  method: "post",
  path: "/api/v1/secrets/rotate",
  operationId: "rotateSecrets",
  tags: ["secrets"],
  summary: "Encrypt the tenant's secrets with the server's newest key",
  description: "After it the previous key (`secrets.previous_key`) is not needed for this tenant any more.",
  request: { headers: PostHeaders, query: NoQuery, body: body(NoFields, false) },
  responses: { 200: json(RotatedSecretsView, "How many were encrypted anew."), 409: refused, 422: refused },
});
