import { Command } from "@commander-js/extra-typings";
import { expect, test } from "vitest";

import { deliveryOf, settingOption } from "./delivery-options.ts";

function settings(...given: string[]): unknown {
  const command = new Command()
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .addOption(settingOption());
  return command
    .parse(
      given.flatMap((one) => ["--set", one]),
      { from: "user" },
    )
    .opts().set;
}

test("a value that reads as JSON is that, and anything else is text", () => {
  expect(
    settings(
      "repo=acme/site",
      "draft=true",
      'labels=["a","b"]',
      "comment_on=7",
      "base=null",
      "title=a=b",
      "body=",
    ),
  ).toEqual({
    repo: "acme/site",
    draft: true,
    labels: ["a", "b"],
    comment_on: 7,
    base: null,
    title: "a=b",
    body: "",
  });
});

test.each(["repo", "=x", " =x", "__proto__=x", "constructor=x"])("%j is no setting", (given) => {
  expect(() => settings(given)).toThrow(/key=value/);
});

test("a setting that is given twice is refused", () => {
  expect(() => settings("repo=a/b", "repo=c/d")).toThrow(/set twice/);
});

test("settings go with an action, and an action can go without", () => {
  expect(deliveryOf("directory")).toEqual({ action: "directory", config: {} });
  expect(deliveryOf(undefined)).toBeNull();
  expect(() => deliveryOf(undefined, { repo: "a/b" })).toThrow(/goes with the action/);
});
