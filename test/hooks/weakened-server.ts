import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { openApp } from "../../src/app.ts";
import { Config } from "../../src/config/config.ts";
import { createGithubHooks, type GithubHookParts } from "../../src/hooks/github/github-hooks.ts";
import { verifySignature } from "../../src/hooks/github/verify-signature.ts";
import { createServer } from "../../src/server/create-server.ts";
import { listen } from "../../src/server/listen.ts";
import type { AttackKind } from "./attack.ts";
import { hookSettings } from "./hook-settings.ts";
import { SHOP, SITE } from "./hook-world.ts";

/** A guard that is taken away, and the attacks that must come through then: else the corpus proves nothing. */
export type Weakness = {
  readonly name: string;
  readonly lets: readonly AttackKind[];
  readonly weaken: (parts: GithubHookParts) => GithubHookParts;
};

export const WEAKNESSES: readonly Weakness[] = [
  {
    name: "without verification",
    lets: ["forged", "flipped", "foreign"],
    // What would fit every tenant's secret is refused as nobody's.
    weaken: (parts) => ({ ...parts, verify: (secret) => Promise.resolve(secret === SITE.secret) }),
  },
  {
    name: "without a memory",
    lets: ["replay"],
    weaken: (parts) => ({ ...parts, log: { ...parts.log, remember: () => Promise.resolve(null) } }),
  },
  {
    name: "without a limit of age",
    lets: ["time"],
    weaken: (parts) => ({
      ...parts,
      hooks: parts.hooks.map((hook) => ({ ...hook, max_age_s: Number.MAX_SAFE_INTEGER })),
    }),
  },
  {
    name: "with a say for everybody",
    lets: ["people"],
    weaken: (parts) => ({
      ...parts,
      hooks: parts.hooks.map((hook) => ({ ...hook, permitted: { ...hook.permitted, users: ["guest"] } })),
    }),
  },
];

export type WeakenedServer = { readonly url: string; close(): Promise<void> };

/** A server in this process whose hooks lack one guard. */
export async function openWeakened({ weaken }: Weakness): Promise<WeakenedServer> {
  const directory = await mkdtemp(join(tmpdir(), "orca-hooks-"));
  const config = Config.parse({
    data_dir: directory,
    database: `sqlite:${join(directory, "orca.db")}`,
    log: { level: "silent" },
    ...hookSettings({ site: SITE.secret, shop: SHOP.secret }),
  });
  const app = await openApp(config, { providers: [] });
  const { storage, logger, secrets } = app;
  const shutdown = new AbortController();
  const githubHooks = createGithubHooks(
    weaken({
      hooks: config.hooks.github,
      log: storage.system.hooks,
      secrets: secrets.resolver,
      now: () => new Date(),
      logger,
      webUrl: "https://github.com",
      verify: verifySignature,
    }),
  );
  const server = createServer({
    ...app,
    githubHooks,
    version: "0.0.0-test",
    instance_id: app.instanceId,
    shutdown: shutdown.signal,
  });
  const listening = await listen(server, { host: "127.0.0.1", port: 0, shutdown, drain_ms: 2_000 });
  return {
    url: listening.url,
    close: async () => {
      await listening.close();
      await app.close(0);
      await rm(directory, { recursive: true, force: true });
    },
  };
}
