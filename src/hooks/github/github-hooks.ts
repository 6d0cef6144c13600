import { hash } from "node:crypto";

import { type GithubHook, githubName } from "../../config/hooks.ts";
import type { HookLog, ReceivedHook } from "../../ports/hook-log.ts";
import type { Logger } from "../../ports/logger.ts";
import type { SecretResolver } from "../../ports/secrets.ts";
import { AboutRepository } from "./github-payload.ts";
import { type HookRequest, hookRequest } from "./hook-request.ts";
import { createHookSecrets } from "./hook-secrets.ts";
import { type IgnoredReason, readEvent } from "./read-event.ts";

/** What GitHub has sent; of the three headers none is signed. */
export type GithubDelivery = {
  readonly event: string;
  readonly delivery_id: string;
  readonly signature: string;
  readonly body: Uint8Array;
};

/** A workflow that is to be created under this id, which a repeat of the same delivery gets again. */
export type HookStart = {
  readonly received: Pick<ReceivedHook, "source" | "delivery_id">;
  readonly tenant_id: string;
  readonly actor: string;
  readonly workflow_id: string;
  readonly request: HookRequest;
};

export type HookOutcome =
  /** Nobody who has the secret has signed this for that repository; the same whatever the reason. */
  | { readonly kind: "refused" }
  | { readonly kind: "pong" }
  | { readonly kind: "ignored"; readonly reason: IgnoredReason }
  | { readonly kind: "out_of_time"; readonly at: string }
  /** The same body under another name, or the same name with another body. */
  | { readonly kind: "repeated" }
  | { readonly kind: "known"; readonly workflow_id: string }
  | { readonly kind: "start"; readonly start: HookStart };

export interface GithubHooks {
  receive(delivery: GithubDelivery): Promise<HookOutcome>;
  /** To be called when the workflow stands; until then a repeat of the delivery starts it again, under the same id. */
  started(start: HookStart): Promise<void>;
}

export type VerifySignature = (secret: string, body: string, signature: string) => Promise<boolean>;

export type GithubHookParts = {
  readonly hooks: readonly GithubHook[];
  readonly log: HookLog;
  readonly secrets: SecretResolver;
  readonly now: () => Date;
  readonly logger: Logger;
  /** Where the repositories are. */
  readonly webUrl: string;
  readonly verify: VerifySignature;
};

const SOURCE = "github";
const SHARED_SECRET =
  "hooks of several tenants have the same secret, so their events are refused; give each tenant another one, at GitHub and under hooks.github";

/** Takes what GitHub sends: verified, then mapped, then read, then remembered, each only after the one before. */
export function createGithubHooks(parts: GithubHookParts): GithubHooks {
  const { log, now, webUrl } = parts;
  const signers = createSigners(parts);

  return {
    async receive({ event, delivery_id, signature, body }) {
      const text = utf8(body);
      const signed = text === null || text === "" ? [] : await signers(text, signature);
      const payload = signed.length === 0 ? undefined : parsed(text!);
      if (payload === undefined) return { kind: "refused" };
      const about = AboutRepository.safeParse(payload);
      // The ping of an organization's hook is about no repository, and changes nothing.
      if (!about.success) return event === "ping" ? { kind: "pong" } : { kind: "refused" };
      const repository = about.data.repository.full_name;
      // Its repository alone says whose it is, and of that one the own secret has to be among those that fit.
      const hook = signed.find((one) => names(one, repository));
      if (hook === undefined) return { kind: "refused" };
      if (event === "ping") return { kind: "pong" };
      const read = readEvent(event, payload, hook, now());
      if (read.kind !== "start") return read;
      const body_hash = hash("sha256", body, "hex");
      const received = { source: SOURCE, delivery_id, body_hash, received_at: now().toISOString() };
      const standing = await log.remember(received);
      if (standing !== null) {
        const same = standing.delivery_id === delivery_id && standing.body_hash === body_hash;
        if (!same) return { kind: "repeated" };
        if (standing.workflow_id !== null) return { kind: "known", workflow_id: standing.workflow_id };
      }
      const start = {
        received: { source: SOURCE, delivery_id },
        tenant_id: hook.tenant,
        actor: `github:${read.event.login}`,
        workflow_id: `wf_${hash("sha256", [SOURCE, delivery_id, body_hash].join("\n"), "hex").slice(0, 32)}`,
        request: hookRequest(read.event, hook, { repository, webUrl }),
      };
      return { kind: "start", start };
    },
    started: ({ received, workflow_id }) => log.answered(received, workflow_id),
  };
}

/**
 * The hooks whose secret has signed a text; none when they belong to several tenants, who could forge each other's
 * hooks. Every secret is tried, so that the time it takes tells nothing of them.
 */
function createSigners({ hooks, verify, ...parts }: GithubHookParts) {
  const secretOf = createHookSecrets(parts);
  const groups = [...Map.groupBy(hooks, ({ tenant, secret }) => `${tenant}\n${secret}`).values()];
  return async (text: string, signature: string): Promise<readonly GithubHook[]> => {
    const signed = groups.map(async (group) => {
      const secret = await secretOf(group[0]!);
      return secret !== null && (await verify(secret, text, signature)) ? group : [];
    });
    const fitting = (await Promise.all(signed)).flat();
    if (new Set(fitting.map(({ tenant }) => tenant)).size <= 1) return fitting;
    parts.logger.warn({ hooks: fitting.map(({ name }) => name) }, SHARED_SECRET);
    return [];
  };
}

function names({ repositories }: GithubHook, repository: string): boolean {
  return repositories.some((one) => githubName(one) === githubName(repository));
}

/** Null for what is not UTF-8. Nothing is dropped from it, so the text is signed exactly when the bytes are. */
function utf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

/** Undefined for what is not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
