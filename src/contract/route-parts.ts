import { z } from "@hono/zod-openapi";

import { listOf } from "./paging.ts";
import { Problem, PROBLEM_MEDIA_TYPE } from "./problem.ts";

export function json<Schema extends z.ZodType>(schema: Schema, description: string) {
  return { description, content: { "application/json": { schema } } };
}

export function page<Item extends z.ZodType>(item: Item, name: string, description: string) {
  return json(listOf(item, name), description);
}

export function body<Schema extends z.ZodType, Required extends boolean>(schema: Schema, required: Required) {
  return { required, content: { "application/json": { schema } } };
}

/** What is answered where the content of a file is read. */
export const fileContent = {
  200: {
    description: "The bytes; the ETag is their SHA-256.",
    content: {
      "text/plain": { schema: z.string() },
      "application/octet-stream": { schema: z.string().openapi({ format: "binary" }) },
    },
  },
  304: { description: "The content has the ETag that If-None-Match names." },
};

export const refused = {
  description: "Refused; `code` says why.",
  content: { [PROBLEM_MEDIA_TYPE]: { schema: Problem } },
};
