import type { Config } from "../config/config.ts";
import { firstFew } from "../core/first-few.ts";

const MOST_NAMED = 3;

/** What to enter at GitHub for each hook, one line each. */
export function hookLines({ hooks, host, port }: Pick<Config, "hooks" | "host" | "port">): string[] {
  const address = `http://${host.includes(":") ? `[${host}]` : host}:${port}/hooks/github`;
  return hooks.github.map(({ name, tenant, repositories, label, command }) => {
    const events = [label === null ? null : "Issues", command === null ? null : "Issue comments"];
    const wanted = events.filter((event) => event !== null).join(" and ");
    return `${name} (tenant ${tenant}): ${firstFew(repositories, MOST_NAMED)}; GitHub sends ${wanted} as application/json to whatever leads to ${address}`;
  });
}
