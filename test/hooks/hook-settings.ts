import { SHOP, SITE } from "./hook-world.ts";

/** Part of orca.yaml: a hook for each tenant, given what stands for their secrets. No model is there, so nothing runs. */
export function hookSettings(secrets: { readonly site: string; readonly shop: string }) {
  const hookOf = ({ name, tenant, repository }: typeof SITE, secret: string) => ({
    name,
    tenant,
    secret,
    repositories: [repository],
    label: "orca",
    permitted: { associations: ["OWNER", "MEMBER", "COLLABORATOR"], users: ["trusted"] },
  });
  return {
    workspace: { allowed: ["https://github.com/acme", "https://github.com/rival"] },
    hooks: { github: [hookOf(SITE, secrets.site), hookOf(SHOP, secrets.shop)] },
  };
}
