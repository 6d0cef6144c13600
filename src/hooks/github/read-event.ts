import { type GithubHook, githubName } from "../../config/hooks.ts";
import { CreatedComment, type GithubIssue, LabeledIssue } from "./github-payload.ts";

/** Why an event that GitHub did send starts nothing. */
export type IgnoredReason =
  | "other_event"
  | "other_action"
  | "unknown_form"
  | "other_label"
  | "no_command"
  | "pull_request"
  | "issue_closed"
  | "bot"
  | "not_permitted";

/** Somebody who may has asked for a workflow. */
export type StartingEvent = {
  readonly login: string;
  readonly issue: Pick<GithubIssue, "number" | "title" | "body">;
  /** Null when the account is gone. */
  readonly issue_author: string | null;
  /** What follows the command; empty for a label, and for a command alone. */
  readonly words: string;
};

export type ReadEvent =
  | { readonly kind: "start"; readonly event: StartingEvent }
  | { readonly kind: "ignored"; readonly reason: IgnoredReason }
  /** It is older than it may be, or of a time that is still to come. */
  | { readonly kind: "out_of_time"; readonly at: string };

/** How far GitHub's clock may be ahead of ours. */
const LONGEST_LEAD_MS = 5 * 60_000;
const LOGIN = /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/;
/** What the comments of our own deliveries begin with, or hold. */
const OWN_MARK = "<!-- orca";

/**
 * What an event asks for, by its body: the name of the event is not signed, so it only says which form to expect. Only
 * a label that is put on an open issue and a new comment on one start something. Whatever was edited or deleted, is on a
 * pull request or on a closed issue, or was written by a bot does not.
 */
export function readEvent(name: string, payload: unknown, hook: GithubHook, now: Date): ReadEvent {
  if (name === "issues") return readLabel(payload, hook, now);
  if (name === "issue_comment") return readComment(payload, hook, now);
  return ignored("other_event");
}

function readLabel(payload: unknown, hook: GithubHook, now: Date): ReadEvent {
  if (actionOf(payload) !== "labeled") return ignored("other_action");
  const parsed = LabeledIssue.safeParse(payload);
  if (!parsed.success) return ignored("unknown_form");
  const { label, issue, sender } = parsed.data;
  if (hook.label === null || githubName(label.name) !== githubName(hook.label)) return ignored("other_label");
  // A form for new issues puts labels on them in the name of whoever writes one, so a label alone proves no right. What
  // GitHub says of the author holds only for the author.
  const isAuthor = issue.user !== null && githubName(issue.user.login) === githubName(sender.login);
  const association = isAuthor ? issue.author_association : null;
  const refusal = refusalOf({ issue, account: sender, association }, hook);
  if (refusal !== null) return ignored(refusal);
  if (isOutOfTime(issue.updated_at, hook, now)) return { kind: "out_of_time", at: issue.updated_at };
  return started(sender.login, issue, "");
}

function readComment(payload: unknown, hook: GithubHook, now: Date): ReadEvent {
  if (actionOf(payload) !== "created") return ignored("other_action");
  const parsed = CreatedComment.safeParse(payload);
  if (!parsed.success) return ignored("unknown_form");
  const { issue, comment, sender } = parsed.data;
  const words = wordsAfter(comment.body, hook.command);
  if (words === null) return ignored("no_command");
  if (comment.performed_via_github_app != null || comment.body.includes(OWN_MARK)) return ignored("bot");
  const { user, author_association, created_at } = comment;
  if (user === null || githubName(user.login) !== githubName(sender.login)) return ignored("not_permitted");
  if (isBot(sender)) return ignored("bot");
  const refusal = refusalOf({ issue, account: user, association: author_association }, hook);
  if (refusal !== null) return ignored(refusal);
  if (isOutOfTime(created_at, hook, now)) return { kind: "out_of_time", at: created_at };
  return started(user.login, issue, words);
}

/** What stands behind the command; null when the text does not begin with it. */
function wordsAfter(body: string, command: string | null): string | null {
  if (command === null || !body.startsWith(command)) return null;
  const rest = body.slice(command.length);
  return rest === "" || /^\s/.test(rest) ? rest.trim() : null;
}

type Account = { readonly login: string; readonly type?: string | null | undefined };

type Asked = {
  readonly issue: GithubIssue;
  readonly account: Account;
  /** What the account is to the repository; null where GitHub does not say. */
  readonly association: string | null | undefined;
};

function refusalOf({ issue, account, association }: Asked, { permitted }: GithubHook): IgnoredReason | null {
  if (issue.pull_request != null) return "pull_request";
  if (issue.state !== "open") return "issue_closed";
  if (isBot(account)) return "bot";
  const isUser = permitted.users.some((login) => githubName(login) === githubName(account.login));
  const isNear = permitted.associations.some((one) => one === association);
  return isUser || isNear ? null : "not_permitted";
}

/** An account of another form than a person's is none. */
function isBot({ login, type }: Account): boolean {
  return type !== "User" || !LOGIN.test(login);
}

function isOutOfTime(at: string, { max_age_s }: GithubHook, now: Date): boolean {
  const age = now.getTime() - Date.parse(at);
  return age > max_age_s * 1000 || age < -LONGEST_LEAD_MS;
}

function actionOf(payload: unknown): unknown {
  return typeof payload === "object" && payload !== null && "action" in payload ? payload.action : undefined;
}

function ignored(reason: IgnoredReason): ReadEvent {
  return { kind: "ignored", reason };
}

function started(login: string, issue: GithubIssue, words: string): ReadEvent {
  const { number, title, body } = issue;
  const author = issue.user?.login ?? "";
  const issue_author = LOGIN.test(author) ? author : null;
  return { kind: "start", event: { login, issue: { number, title, body }, issue_author, words } };
}
