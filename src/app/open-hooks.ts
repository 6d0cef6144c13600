import type { Config } from "../config/config.ts";
import { createGithubHooks, type GithubHooks } from "../hooks/github/github-hooks.ts";
import { verifySignature } from "../hooks/github/verify-signature.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { Storage } from "../ports/storage.ts";
import { checkHooks } from "./check-hooks.ts";
import type { OpenedDeliveries } from "./open-deliveries.ts";
import type { OpenedSecrets } from "./open-secrets.ts";
import type { Workbench } from "./open-workbench.ts";

export type OpenedHooks = GithubHooks & {
  /** Throws a ConfigError that names every setting with which no hook could start a workflow. */
  check(): void;
};

type Parts = {
  readonly config: Pick<Config, "hooks" | "delivery" | "workflow">;
  readonly storage: Storage;
  readonly secrets: Pick<OpenedSecrets, "resolver">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly deliveries: Pick<OpenedDeliveries, "actions">;
  readonly workbench: Pick<Workbench, "repositories">;
};

/** What may come in from GitHub; null where nothing may. */
export function openGithubHooks(parts: Parts): OpenedHooks | null {
  const { config, storage, secrets, clock, logger, deliveries, workbench } = parts;
  const hooks = config.hooks.github;
  if (hooks.length === 0) return null;
  const github = createGithubHooks({
    hooks,
    log: storage.system.hooks,
    secrets: secrets.resolver,
    now: () => clock.now(),
    logger,
    webUrl: config.delivery.github.web_url,
    verify: verifySignature,
  });
  const { actions } = deliveries;
  return { ...github, check: () => checkHooks({ config, actions, repositories: workbench.repositories }) };
}
