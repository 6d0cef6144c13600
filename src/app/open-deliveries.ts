import { join } from "node:path";

import type { Config } from "../config/config.ts";
import type { GitPushParts } from "../delivery/git-push/git-push-action.ts";
import type { GitHubParts } from "../delivery/github-client.ts";
import { createDeliveryActions } from "../delivery/registry.ts";
import { createAllowedHosts } from "../egress/allowed-hosts.ts";
import { createOperatorFetch } from "../egress/operator-fetch.ts";
import { failpoint, type FailpointName } from "../engine/failpoint.ts";
import type { Clock } from "../ports/clock.ts";
import type { DeliveryAction } from "../ports/delivery-action.ts";
import type { Logger } from "../ports/logger.ts";
import type { OpenedSecrets } from "./open-secrets.ts";
import { openSenders } from "./open-senders.ts";

/** The ways of handing work over that this installation has. */
export type OpenedDeliveries = {
  readonly actions: ReadonlyMap<string, DeliveryAction>;
  close(): Promise<void>;
};

type Parts = {
  readonly config: Config;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly secrets: OpenedSecrets;
};

/** Actions name their own places; a name that no rehearsal knows is never armed. */
const passed = (name: string): void => failpoint(name as FailpointName);

/** `more` are beside the shipped ones. */
export function openDeliveries(
  { config, clock, logger, secrets }: Parts,
  more: readonly DeliveryAction[] = [],
): OpenedDeliveries {
  const senders = openSenders({ config, clock, logger, store: secrets.store, failpoint: passed });
  const shipped = createDeliveryActions({
    directory: { ...config.delivery.directory, defaultRoot: join(config.data_dir, "deliveries") },
    git: gitPushParts(config, logger),
    github: githubParts(config, clock),
    webhook: senders.webhook,
    email: senders.email,
  });
  return {
    actions: new Map([...shipped, ...more.map((action) => [action.name, action] as const)]),
    close: () => senders.close(),
  };
}

function gitPushParts({ delivery, egress, data_dir }: Config, logger: Logger): GitPushParts {
  const { allowed, author_name, author_email } = delivery.git;
  return {
    allowed,
    written: [data_dir, ...delivery.directory.allowed],
    author: { name: author_name, email: author_email },
    isAllowedHost: createAllowedHosts(egress.allowed_hosts),
    logger,
    failpoint: passed,
  };
}

function githubParts({ delivery }: Config, clock: Clock): GitHubParts {
  const { api_url, web_url } = delivery.github;
  const { author_name, author_email } = delivery.git;
  return {
    fetch: createOperatorFetch(),
    apiUrl: api_url,
    webUrl: web_url,
    author: { name: author_name, email: author_email },
    now: () => clock.now(),
    failpoint: passed,
  };
}
