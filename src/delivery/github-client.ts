import type { restEndpointMethods } from "@octokit/plugin-rest-endpoint-methods";
import type { z } from "zod";

import { type DeliveryContext, DeliveryError } from "../ports/delivery-action.ts";
import { notUnderstood, refusalOf } from "./github-refusal.ts";

/** What the actions for GitHub stand on, from the configuration of the installation. */
export type GitHubParts = {
  /** For endpoints that the operator has configured. */
  readonly fetch: (input: string | URL, init?: RequestInit) => Promise<Response>;
  /** `https://api.github.com`, or `https://HOST/api/v3`. */
  readonly apiUrl: string;
  /** `https://github.com`, or `https://HOST`. */
  readonly webUrl: string;
  /** Who the commits are by. */
  readonly author: { readonly name: string; readonly email: string };
  readonly now: () => Date;
  /** Longest time for one call, 60 s when missing. */
  readonly timeoutMs?: number;
  /** Called after each effect: `github.blobs`, `github.commit`, `github.branch`, `github.pull`, `github.comment`. */
  readonly failpoint?: (name: string) => void;
};

export const DEFAULT_TOKEN = "secret://GITHUB_TOKEN";

type Rest = ReturnType<typeof restEndpointMethods>["rest"];

/** A connection as one token, for the time of one delivery. */
export type GitHubClient = {
  readonly parts: GitHubParts;
  /** Without a slash at its end. */
  readonly webUrl: string;
  /**
   * Asks once, and checks that the answer is one. Rejects with a GitHubRefusal, or with what the delivery was aborted with.
   * `what` is the rest of a sentence: `read the branch main`.
   */
  readonly ask: <T>(
    what: string,
    answer: z.ZodType<T>,
    request: (rest: Rest) => Promise<{ readonly data: unknown }>,
  ) => Promise<T>;
};

const TIMEOUT_MS = 60_000;
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** `repo` is for the messages: `owner/name`. */
export async function openGitHub(
  parts: GitHubParts,
  { repo, reference }: { readonly repo: string; readonly reference: string },
  { secret, signal }: Pick<DeliveryContext, "secret" | "signal">,
): Promise<GitHubClient> {
  const [{ Octokit }, { restEndpointMethods: withRest }, token] = await Promise.all([
    import("@octokit/core"),
    import("@octokit/plugin-rest-endpoint-methods"),
    secret(reference).then((value) => usableToken(value, reference)),
  ]);
  const OctokitWithRest = Octokit.plugin(withRest);
  const octokit = new OctokitWithRest({
    auth: token,
    baseUrl: parts.apiUrl.replace(/\/+$/, ""),
    userAgent: "ts-orca",
    log: silent,
    request: { fetch: parts.fetch },
  });
  octokit.hook.before("request", (options) => {
    const timeout = AbortSignal.timeout(parts.timeoutMs ?? TIMEOUT_MS);
    options.request.signal = AbortSignal.any([signal, timeout]);
  });
  return {
    parts,
    webUrl: parts.webUrl.replace(/\/+$/, ""),
    ask: async (what, answer, request) => {
      signal.throwIfAborted();
      const asking = { what, repo, reference, token, apiUrl: parts.apiUrl, now: parts.now() };
      const { data } = await request(octokit.rest).catch((error: unknown) => {
        signal.throwIfAborted();
        throw refusalOf(error, asking);
      });
      signal.throwIfAborted();
      const parsed = answer.safeParse(data);
      if (!parsed.success) throw notUnderstood(asking);
      return parsed.data;
    },
  };
}

/** What no header takes would be quoted by whoever refuses it. */
function usableToken(value: string, reference: string): string {
  if (/^[!-~]+$/.test(value)) return value;
  throw new DeliveryError(
    `The value behind ${reference} is no token: it is empty, or has blanks, line breaks or other characters in it that no token has. Set it again, then deliver again.`,
  );
}
