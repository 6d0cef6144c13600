import { expect, test } from "vitest";
import { z } from "zod";

import { McpServers, McpServerSettings } from "./mcp-servers.ts";

const stdio = { kind: "stdio", command: "/usr/bin/server" } as const;
const http = { kind: "http", url: "https://mcp.test/v1" } as const;
const fits = (settings: object): boolean =>
  McpServerSettings.safeParse({ name: "a", transport: stdio, ...settings }).success;

test("defaults are narrow: no role, nothing approved, a minute", () => {
  expect(McpServerSettings.parse({ name: "a", transport: stdio })).toEqual({
    name: "a",
    transport: { ...stdio, args: [], env: {} },
    roles: {},
    pin: null,
    semantics: {},
    timeout_s: 60,
    max_result_bytes: 65_536,
  });
});

test.each([
  ["an unknown setting", { shell: true }],
  ["a name that could reach into another's tools", { name: "a--b" }],
  ["a name in capitals", { name: "A" }],
  ["an unknown role", { roles: { root: "all" } }],
  ["a tool that is a path", { roles: { qa: ["../x"] } }],
  ["a pin that is no hash", { pin: "yes" }],
  ["reconcile, which MCP cannot do", { semantics: { a: "reconcile" } }],
  ["an argument with a NUL", { transport: { ...stdio, args: ["a\0b"] } }],
  ["a header with a line break", { transport: { ...http, headers: { a: "b\r\nc: d" } } }],
  ["credentials in the address", { transport: { ...http, url: "https://a:b@mcp.test/" } }],
  ["another scheme", { transport: { ...http, url: "file:///etc/passwd" } }],
])("%s is refused", (_what, settings) => {
  expect(fits(settings)).toBe(false);
});

test("roles, semantics and both transports are accepted", () => {
  expect(fits({ transport: http, roles: { qa: ["read_file"], implementer: "all" } })).toBe(true);
  expect(fits({ semantics: { read_file: "read", put: "keyed", rm: "ask" }, pin: "0f".repeat(32) })).toBe(
    true,
  );
});

test("two servers of one name are refused, and the schema can be written for editors", () => {
  const server = { name: "a", transport: stdio };
  expect(McpServers.safeParse([server, server]).success).toBe(false);
  expect(McpServers.safeParse([server, { ...server, name: "b" }]).success).toBe(true);
  expect(z.toJSONSchema(McpServers, { io: "input" })).toMatchObject({ type: "array" });
});
