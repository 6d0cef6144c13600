import type { Context, Hono } from "hono";

import type { FakeRepository } from "./fake-repository.ts";
import type { Effect, GitHubWorld, Token } from "./github-world.ts";

export type Routes = Hono<{ Variables: { token: Token } }>;

/** What the routes stand on. */
export type Parts = {
  readonly world: GitHubWorld;
  /** Called once for every effect, when it has happened. */
  readonly happened: (effect: Effect) => void;
  /** What the addresses of pages begin with. */
  readonly web: () => string;
};

export type Asked = Context<{ Variables: { token: Token } }>;

export function nameOf(context: Asked): string {
  return `${context.req.param("owner")}/${context.req.param("repo")}`;
}

export async function bodyOf(context: Asked): Promise<Readonly<Record<string, unknown>>> {
  const text = await context.req.text();
  return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
}

export function readable(context: Asked, { world }: Parts): FakeRepository {
  return world.readable(nameOf(context), context.var.token);
}

export function writable(context: Asked, { world }: Parts): FakeRepository {
  return world.writable(nameOf(context), context.var.token);
}

/** One page of a list, as `per_page` and `page` ask for it. */
export function pageOf<T>(context: Asked, all: readonly T[]): T[] {
  const size = Math.min(Number(context.req.query("per_page") ?? 30), 100);
  const page = Number(context.req.query("page") ?? 1);
  return all.slice((page - 1) * size, page * size);
}
