import { z } from "zod";

/** Of GitHub's payloads only what is read; all the rest may change as it likes. */
const Account = z.object({ login: z.string(), type: z.string().nullish() });
const Moment = z.iso.datetime({ offset: true });
const Association = z.string().nullish();

const Issue = z.object({
  number: z.int().min(1),
  title: z.string(),
  body: z.string().nullish(),
  state: z.string(),
  user: Account.nullable(),
  author_association: Association,
  updated_at: Moment,
  /** Only pull requests have it. */
  pull_request: z.unknown().optional(),
});
export type GithubIssue = z.infer<typeof Issue>;

/** Which repository a payload is about. */
export const AboutRepository = z.object({ repository: z.object({ full_name: z.string() }) });

export const LabeledIssue = z.object({
  action: z.literal("labeled"),
  label: z.object({ name: z.string() }),
  issue: Issue,
  sender: Account,
});

export const CreatedComment = z.object({
  action: z.literal("created"),
  issue: Issue,
  comment: z.object({
    body: z.string(),
    user: Account.nullable(),
    author_association: Association,
    created_at: Moment,
    /** The app in whose name it was written. */
    performed_via_github_app: z.unknown().optional(),
  }),
  sender: Account,
});
