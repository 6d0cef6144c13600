import { expect, test } from "vitest";

import { createLogger, type LogLevel } from "./pino-logger.ts";

function logged(level: LogLevel = "info", format: "json" | "pretty" = "json") {
  const lines: string[] = [];
  const log = createLogger({ level, format }, { write: (line) => lines.push(line) });
  return { log, lines, records: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

test("writes one JSON object a line, with level and time as words", () => {
  const { log, records } = logged();
  log.child({ workflow_id: "w" }).info({ step_id: "s" }, "step started");
  expect(records()).toEqual([
    {
      level: "info",
      time: expect.stringMatching(/^\d{4}-/),
      workflow_id: "w",
      step_id: "s",
      msg: "step started",
    },
  ]);
});

test("keeps to its level", () => {
  const { log, lines } = logged("warn");
  log.info({}, "no");
  log.warn({}, "yes");
  expect(lines).toHaveLength(1);
  const silent = logged("silent");
  silent.log.error({}, "no");
  expect(silent.lines).toEqual([]);
});

test.each([
  ["a key by name", { provider: { api_key: "hunter2" } }],
  ["a header", { headers: { Authorization: "hunter2", "x-api-key": "hunter2", cookie: "hunter2" } }],
  ["a token", { github_token: "hunter2" }],
  ["a URL", { database: "postgres://orca:hunter2@db/orca" }],
  ["a bearer token in a text", { header: "Authorization: Bearer hunter2hunter2" }],
  ["the message of an error", { error: new Error("refused postgres://orca:hunter2@db/orca") }],
  ["the cause of an error", { error: new Error("x", { cause: { password: "hunter2" } }) }],
])("shows no secret in %s", (_, fields) => {
  const { log, lines } = logged("debug");
  log.debug(fields, "m");
  log.child(fields).info(fields, "m");
  expect(lines).toHaveLength(2);
  expect(lines.join("")).not.toContain("hunter2");
});

test("counts of tokens stay readable", () => {
  const { log, records } = logged();
  log.info({ usage: { input_tokens: 3, output_tokens: 4 }, task_key: "parser" }, "m");
  expect(records()[0]).toMatchObject({ usage: { input_tokens: 3, output_tokens: 4 }, task_key: "parser" });
});

test("what was said to a model stands in debug only", () => {
  const { log, lines } = logged("debug");
  log.info({ call: { prompt: "write a poem" } }, "asked");
  expect(lines[0]).not.toContain("poem");
  log.debug({ call: { prompt: "write a poem" } }, "asked");
  expect(lines[1]).toContain("poem");
});

test("an endless structure ends", () => {
  const { log, records } = logged();
  const loop: Record<string, unknown> = {};
  loop["self"] = loop;
  log.info(loop, "m");
  expect(records()[0]?.["msg"]).toBe("m");
});

test("pretty lines are for people", () => {
  const { log, lines } = logged("info", "pretty");
  log.info({ port: 4700 }, "listening");
  expect(lines.join("")).toMatch(/INFO.*listening.*4700/);
});
