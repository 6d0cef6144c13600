import { expect, test } from "vitest";

import { explainConfig } from "./explain-config.ts";
import { loadConfig } from "./load-config.ts";

const loaded = loadConfig({
  flags: { config: undefined, port: "1" },
  env: {
    ORCA_DATABASE: "postgres://app:hunter2@db.example/orca?sslpassword=hunter3",
    OPENAI_API_KEY: "sk-hunter4",
    OPENAI_BASE_URL: "https://me:hunter5@gateway.example/v1",
  },
  cwd: "/nowhere",
});

test("names every setting with value and origin, and no secret", () => {
  const all = explainConfig(loaded, null);
  expect(JSON.stringify(all)).not.toContain("hunter");
  expect(all).toContainEqual({ key: "port", value: 1, origin: "flag --port" });
  expect(all).toContainEqual({ key: "workflow.max_qa_retries", value: 2, origin: "default" });
  expect(all).toContainEqual({
    key: "providers.openai.api_key",
    value: "********",
    origin: "env OPENAI_API_KEY",
  });
  expect(all).toContainEqual({
    key: "providers.openai.limits.concurrency",
    value: null,
    origin: "default",
  });
  expect(all).toContainEqual({
    key: "database",
    value: "postgres://app:****@db.example/orca?sslpassword=****",
    origin: "env ORCA_DATABASE",
  });
});

test("a section is all that is in it", () => {
  expect(explainConfig(loaded, "log").map(({ key }) => key)).toEqual(["log.level", "log.format"]);
});

test("an unknown key is refused with what was meant", () => {
  expect(() => explainConfig(loaded, "prot")).toThrow("there is no setting prot; did you mean port?");
});
