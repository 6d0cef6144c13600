import { gzipSync } from "node:zlib";

import type { Changes } from "../../src/hooks/github/payloads.testsuite.ts";
import { type Attack, type AttackKind, json, sent } from "./attack.ts";
import { blanks, type HookWorld, type Sending, SITE, signatureOf } from "./hook-world.ts";

const HUGE_MEBIBYTES = 100;
/** Longer than a hook may be, and not yet longer than everything else may be. */
const LONG_MEBIBYTES = 6;
const DEEP = 100_000;

/** Bodies by what is wrong with them. */
const BODIES: Readonly<Record<string, (world: HookWorld) => Sending>> = {
  nothing: () => ({ body: "" }),
  "no JSON": () => ({ body: "/orca" }),
  "half of JSON": (world) => ({ body: json(world.comment()).body.slice(0, -1) }),
  "JSON and more": (world) => ({ body: `${json(world.comment()).body}{}` }),
  "a list": (world) => json([world.comment()]),
  null: () => ({ body: "null" }),
  "no repository": (world) => json({ ...world.comment(), repository: null }),
  "a repository that is inherited": (world) => {
    const { repository, ...rest } = world.comment();
    return {
      body: `${JSON.stringify(rest).slice(0, -1)},"__proto__":{"repository":${JSON.stringify(repository)}}}`,
    };
  },
  "a comment that is inherited": (world) => {
    const { comment, ...rest } = world.comment();
    return {
      body: `${JSON.stringify(rest).slice(0, -1)},"__proto__":{"comment":${JSON.stringify(comment)}}}`,
    };
  },
  "deep brackets": () => ({ body: "[".repeat(DEEP) + "]".repeat(DEEP) }),
  "bytes that are no UTF-8": (world) => ({
    body: Buffer.concat([
      Buffer.from(json(world.comment()).body.slice(0, -1)),
      Buffer.from([0x2c, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
    ]),
  }),
  "a mark at the beginning": (world) => ({ body: `\ufeff${json(world.comment()).body}` }),
  "a mark that was not signed": (world) => {
    const { body } = json(world.comment());
    return { body: `\ufeff${body}`, headers: { "x-hub-signature-256": signatureOf(body, SITE.secret) } };
  },
  "UTF-16": (world) => ({ body: Buffer.from(json(world.comment()).body, "utf16le") }),
  "packed after it was signed": (world) => {
    const { body } = json(world.comment());
    const packed = gzipSync(body);
    return {
      body: packed,
      headers: { "content-encoding": "gzip", "x-hub-signature-256": signatureOf(body, SITE.secret) },
    };
  },
  "packed before it was signed": (world) => ({
    body: gzipSync(json(world.comment()).body),
    headers: { "content-encoding": "gzip" },
  }),
  "a form": (world) => ({
    body: `payload=${encodeURIComponent(json(world.comment()).body)}`,
    headers: { "content-type": "application/x-www-form-urlencoded" },
  }),
  "JSON as text": (world) => ({ ...json(world.comment()), headers: { "content-type": "text/plain" } }),
  "JSON as nothing": (world) => ({ ...json(world.comment()), headers: { "content-type": null } }),
  "JSON of another kind": (world) => ({
    ...json(world.comment()),
    headers: { "content-type": "application/jsonp" },
  }),
  "100 MB in pieces": (world) => ({ ...json(world.comment()), trailing: HUGE_MEBIBYTES }),
  "6 MB in pieces, and signed": (world) => {
    const { body } = json(world.comment());
    const signature = signatureOf(body + blanks(LONG_MEBIBYTES), SITE.secret);
    return { body, trailing: LONG_MEBIBYTES, headers: { "x-hub-signature-256": signature } };
  },
  "100 MB by its own account": (world) => ({
    ...json(world.comment()),
    headers: { "content-length": String(HUGE_MEBIBYTES * 1_024 ** 2) },
  }),
};

const bodies = Object.entries(BODIES).map(([name, make]) => sent("body", name, make));

function comments(kind: AttackKind, cases: Readonly<Record<string, Changes>>): Attack[] {
  return Object.entries(cases).map(([name, changes]) =>
    sent(kind, name, (world) => json(world.comment(changes))),
  );
}

function labels(kind: AttackKind, cases: Readonly<Record<string, Changes>>): Attack[] {
  return Object.entries(cases).map(([name, changes]) =>
    sent(kind, name, (world) => ({ ...json(world.label(changes)), event: "issues" })),
  );
}

const GUEST = { user: { login: "guest", type: "User" }, author_association: "NONE" };

const people: readonly Attack[] = [
  ...comments("people", {
    "a stranger": { sender: { login: "guest" }, comment: { author_association: "NONE" } },
    "a first-time contributor": {
      sender: { login: "guest" },
      comment: { author_association: "FIRST_TIME_CONTRIBUTOR" },
    },
    "one who contributed once": {
      sender: { login: "guest" },
      comment: { author_association: "CONTRIBUTOR" },
    },
    "an association in small letters": {
      sender: { login: "guest" },
      comment: { author_association: "owner" },
    },
    "an association that is a list": {
      sender: { login: "guest" },
      comment: { author_association: ["OWNER"] },
    },
    "a stranger on the issue of an owner": {
      sender: { login: "guest" },
      comment: { author_association: "NONE" },
      issue: { user: { login: "ada", type: "User" }, author_association: "OWNER" },
    },
    "a login that looks like a listed one": {
      sender: { login: "tru\u0455ted" },
      comment: { author_association: "NONE" },
    },
    "a listed login with a blank": { sender: { login: "trusted " }, comment: { author_association: "NONE" } },
    "a listed login of an organization": {
      sender: { login: "trusted", type: "Organization" },
      comment: { author_association: "NONE" },
    },
    "an owner's comment that somebody else has sent": {
      comment: { user: { login: "owner", type: "User" }, author_association: "OWNER" },
    },
    "a bot": { sender: { login: "helper[bot]", type: "Bot" }, comment: { author_association: "MEMBER" } },
    "a bot that is called a person": { sender: { login: "helper[bot]", type: "User" } },
    "an app in the name of a person": { comment: { performed_via_github_app: { id: 7, slug: "orca" } } },
    "our own comment": { comment: { body: "/orca is done <!-- orca:wf_1 -->" } },
    "a login with a line feed": { sender: { login: "ada\nroot" } },
  }),
  ...labels("people", {
    "a label by an outsider": { sender: { login: "guest" }, issue: GUEST },
    "a label by an outsider on the issue of an owner": { sender: { login: "guest" } },
    "a label that an issue form puts on an outsider's issue": {
      sender: { login: "guest" },
      issue: { ...GUEST, created_at: undefined },
    },
    "a label by a bot": { sender: { login: "triage[bot]", type: "Bot" } },
  }),
];

const events: readonly Attack[] = [
  ...comments("event", {
    "an edited comment": { action: "edited" },
    "a deleted comment": { action: "deleted" },
    "the command in the middle": { comment: { body: "please /orca mend it" } },
    "the command in a quotation": { comment: { body: "> /orca mend it" } },
    "the command in a second line": { comment: { body: "Hello\n/orca mend it" } },
    "the command in code": { comment: { body: "`/orca mend it`" } },
    "the command after something unseen": { comment: { body: "\u200b/orca mend it" } },
    "a longer command": { comment: { body: "/orcas mend it" } },
    "letters that look like the command": { comment: { body: "/\u043erca mend it" } },
    "a pull request": { issue: { pull_request: { url: "https://api.github.com/x" } } },
    "a closed issue": { issue: { state: "closed" } },
  }),
  ...labels("event", {
    "another label": { label: "bug" },
    "a label that begins the same": { label: "orca-later" },
    "a label that is taken off": { action: "unlabeled" },
    "a new issue with the label": { action: "opened" },
    "an edited issue with the label": { action: "edited" },
    "a pull request with the label": { issue: { pull_request: {} } },
  }),
  sent("event", "a comment as a push", (world) => ({ ...json(world.comment()), event: "push" })),
  sent("event", "a comment on code", (world) => ({
    ...json(world.comment()),
    event: "pull_request_review_comment",
  })),
  sent("event", "a comment as a ping", (world) => ({ ...json(world.comment()), event: "ping" })),
  sent("event", "a label as a comment", (world) => json(world.label())),
];

const addresses: readonly Attack[] = [
  sent("address", "another method", (world) => ({ ...json(world.comment()), method: "PUT" })),
  sent("address", "another path", (world) => ({ ...json(world.comment()), path: "/hooks/github/site" })),
  sent("address", "the path below the API", (world) => ({
    ...json(world.comment()),
    path: "/api/v1/hooks/github",
  })),
];

/** What is signed, and still asks for nothing that it may. */
export const contentAttacks: readonly Attack[] = [...bodies, ...people, ...events, ...addresses];
