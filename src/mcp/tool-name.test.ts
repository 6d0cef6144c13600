import fc from "fast-check";
import { expect, test } from "vitest";

import { TOOL_NAME } from "../config/mcp-servers.ts";
import { namespacedTool } from "./tool-name.ts";

const server = fc.stringMatching(/^[a-z0-9]+(-[a-z0-9]+)*$/).filter((name) => name.length <= 24);
const tool = fc.stringMatching(/^[A-Za-z0-9_.-]{1,128}$/).filter((name) => TOOL_NAME.test(name));

test("a name is always one that the vendors accept", () => {
  fc.assert(
    fc.property(server, tool, (from, name) => {
      expect(namespacedTool(from, name)).toMatch(/^mcp__[A-Za-z0-9_]{1,59}$/);
    }),
  );
});

test("tools of two servers never have the same name", () => {
  fc.assert(
    fc.property(server, tool, server, tool, (one, first, other, second) => {
      fc.pre(one !== other);
      expect(namespacedTool(one, first)).not.toBe(namespacedTool(other, second));
    }),
  );
  expect(namespacedTool("a", "b__c")).not.toBe(namespacedTool("a-b", "c"));
});

test("long names of one server stay apart", () => {
  const long = "x".repeat(100);
  expect(namespacedTool("a", `${long}1`)).not.toBe(namespacedTool("a", `${long}2`));
  expect(namespacedTool("a", `${long}1`)).toHaveLength(64);
});
