import { DeliveryError, type DeliveryFailure } from "../ports/delivery-action.ts";
import { visibleLine } from "../webhooks/visible-line.ts";

/** What GitHub answered instead of doing it; callers that know what a status means here catch it. */
export class GitHubRefusal extends DeliveryError {
  /** Null when there was no answer, or none that could be read. */
  readonly status: number | null;
  /** GitHub's own words, one line. */
  readonly said: string;

  constructor(
    message: string,
    { status, said }: Pick<GitHubRefusal, "status" | "said">,
    how: DeliveryFailure,
  ) {
    super(message, how);
    this.status = status;
    this.said = said;
  }
}

export type Asking = {
  /** What was to be done: `open the pull request`. */
  readonly what: string;
  /** `owner/name`, or who owns it. */
  readonly repo: string;
  /** Where the token stands: `secret://GITHUB_TOKEN`. */
  readonly reference: string;
  /** Not to be repeated, whoever sends it back. */
  readonly token: string;
  readonly apiUrl: string;
  readonly now: Date;
};

type Answer = {
  readonly status: number;
  readonly said: string;
  readonly headers: Readonly<Record<string, string | number | undefined>>;
};

const SHOWN_CHARACTERS = 300;
const LONGEST_WAIT_MS = 24 * 3_600_000;
const PASSES_BY_ITSELF: ReadonlySet<number> = new Set([408, 409, 425]);
const LIMITED = /rate limit|abuse detection|too many requests|temporarily blocked/i;
const PROTECTED =
  /rule violations|protected branch|must be made through a pull request|required status check/i;
const EMPTY = /repository is empty/i;

/** The error for what octokit has thrown. Nothing of the request, which holds the token, goes into it. */
export function refusalOf(error: unknown, asking: Asking): GitHubRefusal {
  const answer = answerOf(error, asking);
  if (answer === null) {
    const said = visibleLine(reasonOf(error), [asking.token], SHOWN_CHARACTERS);
    const message = `GitHub at ${asking.apiUrl} could not be reached to ${asking.what}: ${said || "no answer"}.`;
    return new GitHubRefusal(message, { status: null, said }, { temporary: true });
  }
  const { status, said } = answer;
  const how = { temporary: true, retry_after_ms: waitOf(answer, asking.now) };
  if (status === 429 || (status === 403 && isLimited(answer))) {
    const message = `GitHub takes no more calls for now and did not ${asking.what}: ${said}`;
    return new GitHubRefusal(message, { status, said }, how);
  }
  if (status >= 500 || (PASSES_BY_ITSELF.has(status) && !PROTECTED.test(said) && !EMPTY.test(said))) {
    const message = `GitHub answered ${status} when asked to ${asking.what}: ${said}`;
    return new GitHubRefusal(message, { status, said }, how);
  }
  const sentence = said.replace(/\.$/, "");
  return new GitHubRefusal(permanent({ ...answer, said: sentence }, asking), { status, said }, {});
}

/** An answer that is not what this call answers: a proxy in between, or another server. */
export function notUnderstood({ what, apiUrl }: Asking): GitHubRefusal {
  const message = `What ${apiUrl} answered when asked to ${what} is not what GitHub answers. If this goes on, check delivery.github.api_url and what stands between.`;
  return new GitHubRefusal(message, { status: null, said: "" }, { temporary: true });
}

function permanent({ status, said, headers }: Answer, { what, repo, reference }: Asking): string {
  const again = "then deliver again";
  switch (status) {
    case 401:
      return `GitHub does not accept the token of ${reference}: it is not valid or has expired (${said}). Store a valid one, ${again}.`;
    case 403:
      return `The token of ${reference} may not ${what} in ${repo}: ${said}. Give it write access to contents, pull requests and issues there, ${again}.`;
    case 404:
      return `GitHub found no place to ${what} in ${repo}: there is none of that name, or the token of ${reference} may not see or change it${scopesOf(headers)}. Mend the name or the token's rights, ${again}.`;
    default:
      if (EMPTY.test(said))
        return `${repo} has no commit yet, so GitHub can't ${what}: make a first one there, or deliver by repo-commit or github-repo.`;
      return PROTECTED.test(said)
        ? `The branch is protected, so GitHub did not ${what} in ${repo}: ${said}. Deliver by github-pr, to another branch, or let the token bypass the rule.`
        : `GitHub refused to ${what} in ${repo} (${status}): ${said}`;
  }
}

function scopesOf(headers: Answer["headers"]): string {
  const [has, accepted] = [headers["x-oauth-scopes"], headers["x-accepted-oauth-scopes"]];
  if (accepted === undefined || accepted === "") return "";
  return ` (it has the scopes ${has === "" || has === undefined ? "none" : has}, and one of ${accepted} is needed)`;
}

/** Only what the network says: other errors, such as that of a header that is none, may quote the request. */
function reasonOf(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as NodeJS.ErrnoException;
    if (at.name === "TimeoutError" || typeof code === "string") return at.message;
  }
  return "";
}

function answerOf(error: unknown, { token }: Asking): Answer | null {
  const { status, response } = error as {
    status?: number;
    response?: { data?: unknown; headers?: Answer["headers"] };
  };
  if (typeof status !== "number" || response === undefined) return null;
  const said = visibleLine(saidIn(response.data), [token], SHOWN_CHARACTERS);
  return { status, said: said || `status ${status}`, headers: response.headers ?? {} };
}

function saidIn(data: unknown): string {
  if (typeof data === "string") return data;
  const { message, errors } = (data ?? {}) as { message?: unknown; errors?: unknown };
  const details = Array.isArray(errors) ? errors.map(detailOf) : [];
  return [message, ...details].filter((text) => typeof text === "string" && text !== "").join(": ");
}

function detailOf(detail: unknown): string {
  if (typeof detail === "string") return detail;
  const { message, field, code } = (detail ?? {}) as Record<string, unknown>;
  return [message ?? code, field].filter((text) => typeof text === "string").join(" in ");
}

function isLimited({ said, headers }: Answer): boolean {
  return (
    headers["retry-after"] !== undefined || headers["x-ratelimit-remaining"] === "0" || LIMITED.test(said)
  );
}

/** What GitHub asks for, in milliseconds; null when it does not say. */
function waitOf({ headers }: Answer, now: Date): number | null {
  const after = Number(headers["retry-after"] ?? Number.NaN);
  const reset = headers["x-ratelimit-remaining"] === "0" ? Number(headers["x-ratelimit-reset"]) : Number.NaN;
  const wait = Number.isNaN(after) ? reset * 1000 - now.getTime() : after * 1000;
  return Number.isNaN(wait) ? null : Math.min(Math.max(wait, 0), LONGEST_WAIT_MS);
}
