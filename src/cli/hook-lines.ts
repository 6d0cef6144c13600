import type { Config } from "../config/config.ts";

const MOST_NAMED = 3;

/** What to enter at GitHub for each hook, one line each. */
export function hookLines({ hooks, host, port }: Pick<Config, "hooks" | "host" | "port">): string[] {
  const address = `http://${host.includes(":") ? `[${host}]` : host}:${port}/hooks/github`;
  return hooks.github.map(({ name, tenant, repositories, label, command }) => {
    const more = repositories.length - MOST_NAMED;
    const named = repositories.slice(0, MOST_NAMED).join(", ") + (more > 0 ? ` and ${more} more` : "");
    const events = [label === null ? null : "Issues", command === null ? null : "Issue comments"];
    const wanted = events.filter((event) => event !== null).join(" and ");
    return `${name} (tenant ${tenant}): ${named}; GitHub sends ${wanted} as application/json to whatever leads to ${address}`;
  });
}
