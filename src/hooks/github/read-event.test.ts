import { describe, expect, test } from "vitest";

import { aHook, AT, type Changes, commented, labeled, MAINTAINER } from "./payloads.testsuite.ts";
import { readEvent } from "./read-event.ts";

const NOW = new Date(Date.parse(AT) + 60_000);
const hook = aHook({ permitted: { associations: ["OWNER", "MEMBER"], users: ["Trusted-One"] } });

function onComment(changes: Changes) {
  return readEvent("issue_comment", commented(changes), hook, NOW);
}

function onLabel(changes: Changes) {
  return readEvent("issues", labeled(changes), hook, NOW);
}

describe("what starts a workflow", () => {
  test("a command at the beginning of a new comment, with the words after it", () => {
    expect(onComment({ comment: { body: "/orca mend\nthe dates \n" } })).toEqual({
      kind: "start",
      event: {
        login: MAINTAINER,
        issue: {
          number: 12,
          title: "Dates are off by a day",
          body: "In winter the page shows the day before.",
        },
        issue_author: "guest",
        words: "mend\nthe dates",
      },
    });
  });

  test.each(["/orca", "/orca\n", "/orca\r\n"])("a command alone: %j", (body) => {
    expect(onComment({ comment: { body } })).toMatchObject({ kind: "start", event: { words: "" } });
  });

  test("the label, put on by the author of the issue, who is somebody to the repository", () => {
    expect(onLabel({})).toMatchObject({ kind: "start", event: { login: MAINTAINER, words: "" } });
    expect(onLabel({ label: "ORCA" })).toMatchObject({ kind: "start" });
  });

  test("a login that is listed, whatever it is to the repository and however it is written", () => {
    const sender = { login: "trusted-ONE" };
    const comment = { author_association: "NONE" };
    expect(onComment({ sender, comment })).toMatchObject({ kind: "start", event: { login: "trusted-ONE" } });
    const issue = { user: { login: "guest", type: "User" }, author_association: "NONE" };
    expect(onLabel({ sender, issue })).toMatchObject({ kind: "start", event: { issue_author: "guest" } });
  });

  test("an issue without a text, of an account that is gone", () => {
    const issue = { body: null, user: null };
    expect(onComment({ issue })).toMatchObject({ kind: "start", event: { issue_author: null } });
  });
});

describe("what starts none", () => {
  test.each<[string, Changes, string]>([
    ["a command in the middle", { comment: { body: "please /orca mend it" } }, "no_command"],
    ["a command after a blank", { comment: { body: " /orca mend it" } }, "no_command"],
    ["a command after something unseen", { comment: { body: "\u200b/orca mend it" } }, "no_command"],
    ["a command in a quotation", { comment: { body: "> /orca mend it" } }, "no_command"],
    ["a longer word", { comment: { body: "/orcas are whales" } }, "no_command"],
    ["another case", { comment: { body: "/ORCA mend it" } }, "no_command"],
    ["letters that look like it", { comment: { body: "/\u043erca mend it" } }, "no_command"],
    ["an edited comment", { action: "edited" }, "other_action"],
    ["a deleted comment", { action: "deleted" }, "other_action"],
    ["a closed issue", { issue: { state: "closed" } }, "issue_closed"],
    ["a pull request", { issue: { pull_request: { url: "x" } } }, "pull_request"],
    ["a stranger", { comment: { author_association: "NONE" } }, "not_permitted"],
    ["one who contributed once", { comment: { author_association: "CONTRIBUTOR" } }, "not_permitted"],
    ["no association", { comment: { author_association: null } }, "not_permitted"],
    ["a bot by its kind", { sender: { type: "Bot" } }, "bot"],
    ["a bot by its name", { sender: { login: "github-actions[bot]" } }, "bot"],
    ["an organization", { sender: { type: "Organization" } }, "bot"],
    ["an app in a person's name", { comment: { performed_via_github_app: { id: 1 } } }, "bot"],
    ["a comment of our own", { comment: { body: "/orca <!-- orca:delivery -->" } }, "bot"],
    [
      "an author who is not the sender",
      { comment: { user: { login: "owner", type: "User" } } },
      "not_permitted",
    ],
    ["an author who is gone", { comment: { user: null } }, "not_permitted"],
    ["a comment that is no text", { comment: { body: 7 } }, "unknown_form"],
    ["a time that is none", { comment: { created_at: "yesterday" } }, "unknown_form"],
    ["an issue without a number", { issue: { number: "12" } }, "unknown_form"],
  ])("%s", (_name, changes, reason) => {
    expect(onComment(changes)).toEqual({ kind: "ignored", reason });
  });

  test.each<[string, Changes, string]>([
    ["another label", { label: "bug" }, "other_label"],
    ["a label that is taken off", { action: "unlabeled" }, "other_action"],
    ["a new issue", { action: "opened" }, "other_action"],
    ["a closed issue", { issue: { state: "closed" } }, "issue_closed"],
    ["a bot", { sender: { login: "triage[bot]", type: "Bot" } }, "bot"],
    // The issue form of the repository labels it in his name.
    ["a stranger's own issue", { issue: { author_association: "NONE" } }, "not_permitted"],
    ["somebody else than the author", { sender: { login: "somebody" } }, "not_permitted"],
    ["a label on a pull request", { issue: { pull_request: {} } }, "pull_request"],
  ])("%s of an issue", (_name, changes, reason) => {
    expect(onLabel(changes)).toEqual({ kind: "ignored", reason });
  });

  test("a body under the name of another event", () => {
    expect(readEvent("issues", commented(), hook, NOW)).toEqual({ kind: "ignored", reason: "other_action" });
    expect(readEvent("push", commented(), hook, NOW)).toEqual({ kind: "ignored", reason: "other_event" });
    const both = { ...commented(), action: "labeled" };
    expect(readEvent("issues", both, hook, NOW)).toEqual({ kind: "ignored", reason: "unknown_form" });
    expect(readEvent("issues", null, hook, NOW)).toEqual({ kind: "ignored", reason: "other_action" });
  });

  test("what the hook has no word for", () => {
    const none = aHook({ label: null, command: "/other" });
    expect(readEvent("issues", labeled(), none, NOW)).toMatchObject({ reason: "other_label" });
    expect(readEvent("issue_comment", commented(), none, NOW)).toMatchObject({ reason: "no_command" });
    const noCommand = aHook({ command: null });
    expect(readEvent("issue_comment", commented(), noCommand, NOW)).toMatchObject({ reason: "no_command" });
  });
});

describe("its time", () => {
  const { max_age_s } = hook;
  test.each([
    ["just young enough", max_age_s, "start"],
    ["a second too old", max_age_s + 1, "out_of_time"],
    ["as far ahead as clocks may be", -300, "start"],
    ["further ahead", -301, "out_of_time"],
  ])("%s", (_name, seconds, kind) => {
    const now = new Date(Date.parse(AT) + seconds * 1000);
    expect(readEvent("issue_comment", commented(), hook, now)).toMatchObject({ kind });
    expect(readEvent("issues", labeled(), hook, now)).toMatchObject({ kind });
  });

  test("of a comment is its own, not the issue's", () => {
    const old = { created_at: "2026-11-01T00:00:00Z" };
    expect(onComment({ comment: old })).toEqual({ kind: "out_of_time", at: old.created_at });
  });
});
