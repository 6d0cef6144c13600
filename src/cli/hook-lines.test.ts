import { expect, test } from "vitest";

import { Hooks } from "../config/hooks.ts";
import { hookLines } from "./hook-lines.ts";

const secret = "a-secret-of-the-site";

test("a hook is told with what GitHub has to be told", () => {
  const hooks = Hooks.parse({
    github: [
      { name: "site", secret, repositories: ["acme/site"], label: "orca" },
      { name: "docs", secret, repositories: ["a/1", "a/2", "a/3", "a/4", "a/5"], label: null },
    ],
  });
  expect(hookLines({ hooks, host: "127.0.0.1", port: 4700 })).toEqual([
    "site (tenant default): acme/site; GitHub sends Issues and Issue comments as application/json to whatever leads to http://127.0.0.1:4700/hooks/github",
    "docs (tenant default): a/1, a/2, a/3 and 2 more; GitHub sends Issue comments as application/json to whatever leads to http://127.0.0.1:4700/hooks/github",
  ]);
  expect(hookLines({ hooks, host: "::1", port: 1 })[0]).toContain("http://[::1]:1/hooks/github");
  expect(JSON.stringify(hookLines({ hooks, host: "::1", port: 1 }))).not.toContain(secret);
});
