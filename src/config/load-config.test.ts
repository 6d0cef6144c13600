import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { ConfigError } from "./config-error.ts";
import type { Environment } from "./environment.ts";
import { type ConfigFlags, loadConfig, type LoadedConfig } from "./load-config.ts";
import { originText } from "./setting.ts";

let cwd = "";
beforeEach(() => {
  cwd = realpathSync(mkdtempSync(join(tmpdir(), "orca-config-")));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

function load(env: Environment = {}, flags: ConfigFlags = {}): LoadedConfig {
  return loadConfig({ flags, env, cwd });
}

function yaml(text: string, file = "orca.yaml"): void {
  writeFileSync(join(cwd, file), text);
}

function problemsOf(env: Environment = {}, flags: ConfigFlags = {}): readonly string[] {
  try {
    load(env, flags);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  throw new Error("the configuration was accepted");
}

test("MCP servers are read as they are documented, with their variables filled in", () => {
  yaml(`mcp_servers:
  - name: wiki
    transport:
      kind: http
      url: https://wiki.example.com/mcp
      headers: { Authorization: "Bearer \${WIKI_TOKEN}" }
    roles: { architect: all }
  - name: files
    transport: { kind: stdio, command: mcp-files, args: ["\${ROOT:-/srv}"], env: { TOKEN: "\${WIKI_TOKEN}" } }
`);
  expect(load({ WIKI_TOKEN: "w" }).config.mcp_servers).toMatchObject([
    { name: "wiki", transport: { headers: { Authorization: "Bearer w" } }, roles: { architect: "all" } },
    { name: "files", transport: { args: ["/srv"], env: { TOKEN: "w" } } },
  ]);
  expect(problemsOf()).toEqual(expect.arrayContaining([expect.stringContaining("WIKI_TOKEN is not set")]));
});

describe("precedence and origin", () => {
  test("nothing configured is valid", () => {
    const { config, file } = load({});
    expect(config).toMatchObject({ host: "127.0.0.1", port: 4700, providers: [] });
    expect(config.database).toBe(`sqlite:${join(config.data_dir, "orca.db")}`);
    expect(file).toBeNull();
  });

  test.each([
    ["flag", { ORCA_PORT: "4003" }, { port: "4004" }, 4004, "flag --port"],
    ["environment", { ORCA_PORT: "4003" }, {}, 4003, "env ORCA_PORT"],
    ["file", {}, {}, 4002, "orca.yaml:2"],
  ])("%s", (_, env, flags, port, origin) => {
    yaml("# first line\nport: 4002\n");
    const loaded = load(env, flags);
    expect(loaded.config.port).toBe(port);
    expect(originText(loaded.origin("port"))).toMatch(new RegExp(`${origin}$`));
    expect(originText(loaded.origin("host"))).toBe("default");
  });

  test("a worker takes a free port unless told one", () => {
    const postgres = { database: "postgres://localhost/orca" };
    expect(load({ ORCA_ROLE: "worker" }, postgres).config).toMatchObject({ role: "worker", port: 0 });
    expect(load({ ORCA_ROLE: "worker", ORCA_PORT: "4701" }, postgres).config.port).toBe(4701);
    expect(load({}, { ...postgres, role: "api" }).config).toMatchObject({ role: "api", port: 4700 });
  });

  test("with SQLite there is one node, for all", () => {
    expect(problemsOf({ ORCA_ROLE: "api" })).toEqual([
      expect.stringMatching(/^ORCA_ROLE: role: a SQLite database has one node.*--database or ORCA_DATABASE$/),
    ]);
    expect(load({}, { role: "all" }).config.role).toBe("all");
  });

  test("an empty variable counts as not set", () => {
    expect(load({ ORCA_PORT: "", ORCA_DATABASE: "" }).config.port).toBe(4700);
  });

  test("the value is frozen to the bottom", () => {
    const { config } = load({ OPENAI_API_KEY: "sk-1" });
    expect(() => Object.assign(config.workflow, { max_qa_retries: 9 })).toThrow(TypeError);
    expect(() => Object.assign(config.providers[0]!, { name: "x" })).toThrow(TypeError);
  });
});

describe("the environment", () => {
  test("reaches every setting by its path", () => {
    const { config } = load({
      ORCA_WORKFLOW__MAX_QA_RETRIES: "5",
      ORCA_LOG_LEVEL: "warn",
      ORCA_DEFAULT_MODEL: "openai/gpt-5",
      ORCA_DELIVERY__DIRECTORY__ALLOWED: "out, /srv/results",
      ORCA_PROVIDERS__MY_GATEWAY__KIND: "openai-compatible",
      ORCA_PROVIDERS__MY_GATEWAY__BASE_URL: "http://127.0.0.1:9/v1",
      ORCA_PROVIDERS__MY_GATEWAY__STRUCTURED_OUTPUT: "false",
      ORCA_PROVIDERS__MY_GATEWAY__LIMITS__CONCURRENCY: "4",
    });
    expect(config.workflow).toMatchObject({ max_qa_retries: 5, default_model: "openai/gpt-5" });
    expect(config.log.level).toBe("warn");
    expect(config.delivery.directory.allowed).toEqual([join(cwd, "out"), "/srv/results"]);
    expect(config.providers).toEqual([
      {
        name: "my-gateway",
        kind: "openai-compatible",
        base_url: "http://127.0.0.1:9/v1",
        api_key: null,
        send_trace_headers: null,
        structured_output: false,
        tools: null,
        limits: { requests_per_minute: null, tokens_per_minute: null, concurrency: 4 },
      },
    ]);
  });

  test("the limits of a provider may come from file and environment, each with its own origin", () => {
    yaml("providers:\n  - {name: a, kind: ollama, limits: {concurrency: 4, requests_per_minute: 9}}\n");
    const loaded = load({ ORCA_PROVIDERS__A__LIMITS__CONCURRENCY: "2" });
    const limits = { requests_per_minute: 9, tokens_per_minute: null, concurrency: 2 };
    expect(loaded.config.providers[0]?.limits).toEqual(limits);
    const origin = (key: string) => originText(loaded.origin(`providers.a.limits.${key}`));
    expect(origin("concurrency")).toBe("env ORCA_PROVIDERS__A__LIMITS__CONCURRENCY");
    expect(origin("requests_per_minute")).toMatch(/orca\.yaml:2$/);
    expect(origin("tokens_per_minute")).toBe("default");
  });

  test("reads a value from the file that the _FILE twin names", () => {
    yaml("postgres://app:pw@db.example/orca\n", "secret");
    const loaded = load({ ORCA_DATABASE_FILE: join(cwd, "secret") });
    expect(loaded.config.database).toBe("postgres://app:pw@db.example/orca");
    expect(originText(loaded.origin("database"))).toBe("env ORCA_DATABASE_FILE");
  });

  test("a value and its _FILE twin together are refused", () => {
    expect(problemsOf({ ORCA_DATABASE: "sqlite:a", ORCA_DATABASE_FILE: "/b" })).toEqual([
      "ORCA_DATABASE and ORCA_DATABASE_FILE are both set; keep one of them",
    ]);
  });

  test.each([
    ["ORCA_PROT", "ORCA_PORT"],
    ["ORCA_WORKFLOW__MAX_QA_RETRYS", "ORCA_WORKFLOW__MAX_QA_RETRIES"],
    ["ORCA_CONFIG_FILE", "ORCA_CONFIG"],
  ])("%s is unknown, and %s is offered", (written, meant) => {
    expect(problemsOf({ [written]: "1" })).toEqual([`${written}: unknown variable; did you mean ${meant}?`]);
  });

  test("a section, an inherited property and a provider key that does not exist are no settings", () => {
    const problems = problemsOf({ ORCA_CONSTRUCTOR: "x", ORCA_LOG: "x", ORCA_PROVIDERS__A__COLOUR: "x" });
    expect(problems.map((problem) => problem.split(";")[0])).toEqual([
      "ORCA_CONSTRUCTOR: unknown variable",
      "ORCA_LOG: unknown variable",
      "ORCA_PROVIDERS__A__COLOUR: unknown variable",
    ]);
  });

  test.each([
    ["ORCA_PORT", "http", "ORCA_PORT: port: expected a whole number"],
    ["ORCA_PORT", "70000", "ORCA_PORT: port: Too big: expected number to be <=65535"],
    ["ORCA_DEFAULT_MODEL", "gpt", "ORCA_DEFAULT_MODEL: workflow.default_model: write it as provider/model"],
    [
      "ORCA_DATABASE",
      "mysql://x",
      "ORCA_DATABASE: database: expected sqlite:<path> or postgres://user:password@host/database",
    ],
  ])("%s=%s is refused in one line", (name, value, message) => {
    expect(problemsOf({ [name]: value })).toEqual([message]);
  });
});

describe("orca.yaml", () => {
  test("is found by flag, then by ORCA_CONFIG, then beside the caller", () => {
    yaml("port: 1\n");
    yaml("port: 2\n", "two.yaml");
    yaml("port: 3\n", "three.yaml");
    expect(load({}).config.port).toBe(1);
    expect(load({ ORCA_CONFIG: "two.yaml" }).config.port).toBe(2);
    expect(load({ ORCA_CONFIG: "two.yaml" }, { config: "three.yaml" }).config.port).toBe(3);
  });

  test("that is named must exist", () => {
    expect(problemsOf({}, { config: "no.yaml" })).toEqual([
      `configuration file ${join(cwd, "no.yaml")}: there is no such file`,
    ]);
  });

  test.each([
    ["prot: 1", "orca.yaml:1:1: unknown key prot; did you mean port?"],
    ["log:\n  levle: info", "orca.yaml:2:3: unknown key log.levle; did you mean level?"],
    ["default_model: a/b", "orca.yaml:1:1: unknown key default_model; did you mean workflow.default_model?"],
    ["constructor: 1", "orca.yaml:1:1: unknown key constructor; there are role, host, port, data_dir"],
    ["log:\n  colour: 1", "orca.yaml:2:3: unknown key log.colour; there are level, format"],
    [
      "workflow: {budget: {max_cost_usd: much}}",
      "orca.yaml:1:35: workflow.budget.max_cost_usd: expected a number",
    ],
    [
      "workflow: {budget: {max_tokens: many}}",
      "orca.yaml:1:33: workflow.budget.max_tokens: expected a whole",
    ],
    ["port: 1.5", "orca.yaml:1:7: port: expected a whole number"],
    ["prices: {gpt-5: {input_per_million: 1}}", "orca.yaml:1:9: prices.gpt-5: write it as provider/model"],
    ["prices: {a/b: {input_per_million: 1}}", "orca.yaml:1:9: prices.a/b.output_per_million: is missing"],
    [
      "prices: {a/b: {input_per_million: x, output_per_million: 1}}",
      "orca.yaml:1:9: prices.a/b.input_per_million: expected a number",
    ],
    [
      "prices: {a/b: {input: 1, input_per_million: 1, output_per_million: 1}}",
      "orca.yaml:1:9: prices.a/b: unknown key input",
    ],
    [
      "providers:\n  - name: a\n    kind: ${NOPE}",
      "orca.yaml:3:11: providers.0.kind: the environment variable NOPE",
    ],
    ["port: 100000000000000000000", "orca.yaml:1:7: port: Too big"],
    [
      "providers:\n  - {name: a, kind: ollama, limits: {concurrency: 100000000000000000000}}",
      "orca.yaml:2:51: providers.a.limits.concurrency: Too big",
    ],
    ["log: info", "orca.yaml:1:6: log: expected keys with values"],
    ["providers: openai", "orca.yaml:1:12: providers: expected a list"],
    ["port: [1", "orca.yaml:1:9: "],
    ["- 1", "orca.yaml:1:1: the file: expected keys with values"],
    ["port: many", "orca.yaml:1:7: port: expected a whole number"],
    [
      "providers:\n  - name: a",
      "orca.yaml:2:5: providers.a.kind: is missing; expected one of openai, anthropic",
    ],
    ["providers:\n  - kind: ollama", "orca.yaml:2:5: providers.0.name: is missing"],
    [
      "providers:\n  - name: a\n    kind: ollama\n    limits: {concurrency: 0}",
      "orca.yaml:4:27: providers.a.limits.concurrency: ",
    ],
    [
      "providers:\n  - name: a\n    kind: ollama\n    limits: {rpm: 1}",
      "orca.yaml:4:14: unknown key providers.0.limits.rpm",
    ],
    ["providers:\n  - name: A\n    kind: openai", "orca.yaml:2:11: providers.A.name: use lower-case letters"],
    ["port: ${NOWHERE}", "orca.yaml:1:7: port: the environment variable NOWHERE is not set"],
    ["port: 1\nport: 2", "orca.yaml:2:1: Map keys must be unique"],
  ])("%j says where and what", (text, message) => {
    yaml(text);
    const problems = problemsOf();
    expect(problems).toHaveLength(1);
    expect(problems[0]?.slice(0, message.length)).toBe(message);
  });

  test("an empty file and an empty section are nothing", () => {
    yaml("");
    expect(load().config.port).toBe(4700);
    yaml("log:\n");
    expect(load().config.log.level).toBe("info");
  });

  test("variables are filled in, with defaults, and take the type of their setting", () => {
    yaml('port: ${PORT}\nshutdown_timeout_s: "${NOWHERE:-7}"\nhost: "$${PORT}"\n');
    const { config } = load({ PORT: "4711" });
    expect(config).toMatchObject({ port: 4711, shutdown_timeout_s: 7, host: "${PORT}" });
  });

  test("paths are relative to the file, those of flags and variables to the caller", () => {
    mkdirSync(join(cwd, "etc"));
    yaml("database: sqlite:./a.db\ndata_dir: ../data\n", "etc/orca.yaml");
    const { config } = load({}, { config: "etc/orca.yaml" });
    expect(config.database).toBe(`sqlite:${join(cwd, "etc/a.db")}`);
    expect(config.data_dir).toBe(join(cwd, "data"));
    expect(load({ ORCA_DATABASE: "sqlite:b.db" }).config.database).toBe(`sqlite:${join(cwd, "b.db")}`);
    expect(load({}, { data_dir: "~/orca" }).config.data_dir).toBe(join(homedir(), "orca"));
    expect(load({}, { data_dir: "d" }).config.database).toBe(`sqlite:${join(cwd, "d/orca.db")}`);
  });

  test.each([
    ["postgres://app:hunter2@db.example/orca", 1],
    ["postgresql://app:${PW:-hunter2}@db.example/orca", 1],
    ["postgres://app@db.example/orca?password=hunter2", 1],
    ["postgres://app:${PW}@db.example/orca", 0],
    ["postgres://db.example/orca?password=${PW}&sslmode=require", 0],
    ["postgres://app@db.example:5432/orca", 0],
    ["${URL}", 0],
    ["sqlite:./a:b@c.db", 0],
  ])("the database %s is accepted with %i warnings", (database, count) => {
    yaml(`database: "${database}"\n`);
    const { warnings } = load({ PW: "hunter2", URL: "postgres://app:hunter2@db.example/orca" });
    const warning = "orca.yaml:1:11: database: holds a password in clear; write it as ${VARIABLE}";
    expect(warnings).toEqual(Array.from({ length: count }, () => warning));
  });

  test("a password of the environment is where it belongs", () => {
    expect(load({ ORCA_DATABASE: "postgres://app:hunter2@db.example/orca" }).warnings).toEqual([]);
  });

  test.each(["sk-live-1234", "${KEY:-sk-live-1234}", "x${KEY}"])(
    "refuses the literal key %s unseen",
    (key) => {
      yaml(`providers:\n  - name: a\n    kind: openai\n    api_key: "${key}"\n`);
      expect(problemsOf({ KEY: "k" })).toEqual([
        "orca.yaml:4:14: providers.0.api_key: a key does not belong in a file; write ${VARIABLE} and set that variable",
      ]);
    },
  );
});

describe("providers", () => {
  test("are found by the variables of the vendors", () => {
    yaml("gh-token\n", "token");
    const loaded = load({
      OPENAI_API_KEY: "sk-o",
      OPENAI_BASE_URL: "http://127.0.0.1:1/v1",
      ANTHROPIC_API_KEY: "sk-a",
      OLLAMA_HOST: "0.0.0.0",
      COPILOT_GITHUB_TOKEN_FILE: join(cwd, "token"),
    });
    expect(
      loaded.config.providers.map(({ name, kind, base_url, api_key }) => [name, kind, base_url, api_key]),
    ).toEqual([
      ["openai", "openai", "http://127.0.0.1:1/v1", "sk-o"],
      ["anthropic", "anthropic", null, "sk-a"],
      ["ollama", "ollama", "http://127.0.0.1:11434", null],
      ["copilot", "copilot", null, "gh-token"],
    ]);
    expect(originText(loaded.origin("providers.openai.api_key"))).toBe("env OPENAI_API_KEY");
  });

  test.each([
    ["127.0.0.1:9", "http://127.0.0.1:9"],
    [":9", "http://127.0.0.1:9"],
    ["http://gpu.lan:80", "http://gpu.lan"],
    ["https://gpu.lan/ollama/", "https://gpu.lan/ollama"],
    ["gpu.lan", "http://gpu.lan:11434"],
  ])("OLLAMA_HOST=%s is %s", (host, url) => {
    expect(load({ OLLAMA_HOST: host }).config.providers[0]?.base_url).toBe(url);
  });

  test("a base URL alone connects nothing", () => {
    expect(load({ OPENAI_BASE_URL: "http://127.0.0.1:1/v1" }).config.providers).toEqual([]);
  });

  test("one that the file lists by name takes its key from the vendor's variable", () => {
    yaml("providers:\n  - name: zeta\n    kind: ollama\n  - name: openai\n    kind: openai\n");
    const { config } = load({ OPENAI_API_KEY: "sk-o", ANTHROPIC_API_KEY: "sk-a" });
    expect(config.providers.map(({ name, api_key }) => [name, api_key])).toEqual([
      ["zeta", null],
      ["openai", "sk-o"],
      ["anthropic", "sk-a"],
    ]);
  });

  test("the vendor's key does not go to an endpoint that the file gives the vendor's name", () => {
    yaml("providers:\n  - name: openai\n    kind: openai\n    base_url: http://elsewhere.example/v1\n");
    expect(load({ OPENAI_API_KEY: "sk-o" }).config.providers[0]?.api_key).toBeNull();
  });

  test("a name is used once", () => {
    yaml("providers:\n  - {name: a, kind: ollama}\n  - {name: a, kind: ollama}\n");
    expect(problemsOf()).toEqual(["orca.yaml:3:5: providers: the name a is used twice"]);
  });
});
