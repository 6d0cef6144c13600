import { expect, test } from "vitest";

import { createAllowedHosts } from "./allowed-hosts.ts";

const isAllowed = createAllowedHosts(["Intern.Example", "db.example:6379", "[::1]:8080", "10.0.0.9:8443"]);

test.each([
  "http://intern.example/x",
  "https://intern.example/",
  "http://intern.example:443/",
  "http://db.example:6379/",
  "http://[0:0::1]:8080/",
  "https://10.0.0.9:8443/",
])("%s is allowed", (url) => expect(isAllowed(new URL(url))).toBe(true));

test.each([
  "http://intern.example:8080/",
  "http://a.intern.example/",
  "http://intern.example.evil.example/",
  "http://intern.example./",
  "http://db.example/",
  "http://[::1]/",
  "http://10.0.0.9/",
])("%s is not", (url) => expect(isAllowed(new URL(url))).toBe(false));

test.each([
  "*.example",
  "http://a.example",
  "a.example/x",
  "a@b.example",
  "",
  "a:0",
  "a:70000",
  "::1",
  "a b",
])("%j is no host that can be allowed", (entry) =>
  expect(() => createAllowedHosts([entry])).toThrow('Write "host" or "host:port"'),
);
