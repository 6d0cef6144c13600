import { z } from "zod";

import { SecretReference } from "../core/secret-reference.ts";

const REPOSITORY = /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}\/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/;
const LOGIN = /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/;
const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const TENANT = /^[A-Za-z0-9_-]{1,64}$/;
const COMMAND = /^\/[a-z][a-z0-9-]{0,31}$/;
const SHORTEST_SECRET = 16;
const DAY_S = 86_400;

/** Nothing may be older than this when it arrives, whatever is configured: what was received is kept a day longer. */
export const LONGEST_HOOK_AGE_S = 7 * DAY_S;

/** What GitHub says that somebody is to a repository, of those that may be given a say. */
export const HOOK_ASSOCIATIONS = ["OWNER", "MEMBER", "COLLABORATOR", "CONTRIBUTOR"] as const;

/** A repository as GitHub names it, in ASCII: nothing that looks like it is it. */
export const RepositoryName = z.string().regex(REPOSITORY, "write it as owner/name");

/** GitHub knows no two names that differ in the case of their letters; letters beyond ASCII stay what they are. */
export function githubName(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}

const Secret = z
  .string()
  .refine(
    (text) => (text.startsWith("secret://") ? SecretReference.safeParse(text).success : true),
    "name a secret, such as secret://GITHUB_HOOK",
  )
  .refine(
    (text) => text.startsWith("secret://") || text.length >= SHORTEST_SECRET,
    `a secret that can be guessed protects nothing; use ${SHORTEST_SECRET} characters or more`,
  );

const tenantName = z.string().regex(TENANT, "use 1 to 64 letters, digits, underscores and hyphens");

export const GithubHook = z
  .strictObject({
    name: z
      .string()
      .max(32)
      .regex(NAME, "use lower-case letters, digits and single hyphens between them")
      .describe("Names it in the log."),
    secret: Secret.describe(
      "What GitHub signs with: ${VARIABLE}, or secret://NAME of the tenant; a literal is refused.",
    ),
    tenant: tenantName.default("default").describe("Whose workflows are started."),
    scope: tenantName.nullable().default(null).describe("The scope inside the tenant; null is its root."),
    repositories: z
      .array(RepositoryName)
      .min(1)
      .max(1_000)
      .describe("Repositories, as owner/name, whose events are taken; each stands in one list only."),
    label: z
      .string()
      .min(1)
      .max(50)
      .nullable()
      .default(null)
      .describe("Label that starts a workflow from an issue; null: none does."),
    command: z
      .string()
      .regex(COMMAND, "write it like /orca")
      .nullable()
      .default("/orca")
      .describe("Word at the very beginning of a comment that starts a workflow; null: none does."),
    permitted: z
      .strictObject({
        associations: z
          .array(z.enum(HOOK_ASSOCIATIONS))
          .default(["OWNER", "MEMBER", "COLLABORATOR"])
          .describe("Who may start one, by what GitHub says the author is to the repository."),
        users: z
          .array(z.string().regex(LOGIN, "write a GitHub login"))
          .default([])
          .describe(
            "Logins of others who may; whoever labels an issue that is not their own has to be here.",
          ),
      })
      .prefault({}),
    workspace: z
      .boolean()
      .default(true)
      .describe("Start from the repository, which workspace.allowed has to cover."),
    delivery: z
      .strictObject({
        action: z.string().min(1).max(64),
        config: z.record(z.string(), z.json()).default({}),
      })
      .nullable()
      .default(null)
      .describe("How results are handed over; github-pr is told the repository and the issue."),
    max_age_s: z
      .int()
      .min(60)
      .max(LONGEST_HOOK_AGE_S)
      .default(DAY_S)
      .describe("Seconds after which an event is too old to start anything."),
  })
  .refine(({ label, command }) => label !== null || command !== null, {
    error: "nothing starts a workflow; give it a label or a command",
    path: ["label"],
  });
/** Which repositories of GitHub may start workflows, and whose. */
export type GithubHook = z.infer<typeof GithubHook>;

/** The hooks that come in. No repository stands twice, and no two tenants sign with the same secret. */
export const Hooks = z.strictObject({
  github: z
    .array(GithubHook)
    .max(32)
    .default([])
    .superRefine((hooks, context) => {
      const refuse = (index: number, key: string, message: string): void =>
        context.addIssue({ code: "custom", path: [index, key], message });
      const names = new Set<string>();
      const repositories = new Set<string>();
      const tenants = new Map<string, string>();
      for (const [index, hook] of hooks.entries()) {
        if (names.has(hook.name)) refuse(index, "name", `the name ${hook.name} is used twice`);
        names.add(hook.name);
        for (const repository of hook.repositories) {
          if (repositories.has(githubName(repository)))
            refuse(index, "repositories", `${repository} stands twice; each may start workflows of one only`);
          repositories.add(githubName(repository));
        }
        // A reference as well: what secrets.environment gives is the same for all tenants.
        const other = tenants.get(hook.secret) ?? hook.tenant;
        if (other !== hook.tenant)
          refuse(index, "secret", `tenant ${other} has the same; each needs a secret of its own`);
        tenants.set(hook.secret, hook.tenant);
      }
    }),
});
