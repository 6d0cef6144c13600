import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { ConfigError } from "./config-error.ts";
import type { Environment } from "./environment.ts";
import { explainConfig } from "./explain-config.ts";
import { loadConfig, type LoadedConfig } from "./load-config.ts";

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "orca-config-secrets-"));
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const BASE64 = Buffer.alloc(32, 7).toString("base64");
const HEX = Buffer.alloc(32, 9).toString("hex");

function load(env: Environment, yaml = ""): LoadedConfig {
  writeFileSync(join(cwd, "orca.yaml"), yaml);
  return loadConfig({ flags: {}, env, cwd });
}

function problemsOf(env: Environment, yaml = ""): string {
  try {
    load(env, yaml);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error("the configuration was taken");
}

describe("the key for secrets", () => {
  test("is none, and no variable is a tenant's, unless somebody says so", () => {
    expect(load({}).config.secrets).toEqual({ key: null, previous_key: null, environment: [] });
  });

  test.each([BASE64, BASE64.replace("=", ""), HEX, HEX.toUpperCase()])(
    "comes from ORCA_SECRET_KEY: %s",
    (key) => {
      expect(load({ ORCA_SECRET_KEY: key }).config.secrets.key).toBe(key);
    },
  );

  test("comes from a file, without the newline at its end", () => {
    const file = join(cwd, "key");
    writeFileSync(file, `${BASE64}\n`);
    expect(load({ ORCA_SECRET_KEY_FILE: file }).config.secrets.key).toBe(BASE64);
    expect(problemsOf({ ORCA_SECRET_KEY_FILE: file, ORCA_SECRET_KEY: HEX })).toContain("both set");
    expect(problemsOf({ ORCA_SECRET_KEY_FILE: `${file}.missing` })).toContain("can't read");
  });

  test("comes from orca.yaml as a variable, and so does the one before it", () => {
    const yaml = "secrets:\n  key: ${MY_KEY}\n  previous_key: ${MY_OLD_KEY}\n";
    const { config } = load({ MY_KEY: BASE64, MY_OLD_KEY: HEX }, yaml);
    expect(config.secrets).toMatchObject({ key: BASE64, previous_key: HEX });
    const { secrets } = load({ ORCA_SECRET_KEY: BASE64, ORCA_SECRETS__PREVIOUS_KEY: HEX }).config;
    expect(secrets).toMatchObject({ key: BASE64, previous_key: HEX });
  });

  test.each(["key", "previous_key"])("does not stand in orca.yaml itself: %s", (name) => {
    const message = problemsOf({ ORCA_SECRET_KEY: BASE64 }, `secrets:\n  ${name}: ${HEX}\n`);
    expect(message).toMatch(/orca\.yaml:2:\d+: secrets\.\w+: a key does not belong in a file/);
    expect(message).not.toContain(HEX);
  });

  test.each([
    "short",
    BASE64.slice(4),
    `${BASE64}AAAA`,
    HEX.slice(2),
    `${HEX}00`,
    `0x${HEX}`,
    "a b".repeat(15),
  ])("is refused when it is not 32 bytes, and not repeated: %s", (key) => {
    const message = problemsOf({ ORCA_SECRET_KEY: key });
    expect(message).toContain("openssl rand -base64 32");
    expect(message).not.toContain(key);
  });

  test("the one before it does not stand alone", () => {
    const message = problemsOf({ ORCA_SECRETS__PREVIOUS_KEY: HEX });
    expect(message).toContain("secrets.previous_key");
    expect(message).not.toContain(HEX);
  });

  test("is starred out where settings are shown", () => {
    const shown = JSON.stringify(
      explainConfig(load({ ORCA_SECRET_KEY: BASE64, ORCA_SECRETS__PREVIOUS_KEY: HEX }), null),
    );
    expect(shown).toContain("secrets.key");
    expect(shown).not.toContain(BASE64);
    expect(shown).not.toContain(HEX);
  });
});

describe("variables that tenants may use", () => {
  test("are named in orca.yaml or in a variable", () => {
    const yaml = "secrets:\n  environment: [GITHUB_TOKEN, SMTP_PASSWORD]\n";
    const names = ["GITHUB_TOKEN", "SMTP_PASSWORD"];
    expect(load({}, yaml).config.secrets.environment).toEqual(names);
    const { config } = load({ ORCA_SECRETS__ENVIRONMENT: "GITHUB_TOKEN, SMTP_PASSWORD" });
    expect(config.secrets.environment).toEqual(names);
  });

  test.each(["ORCA_SECRET_KEY", "orca_secret_key", "ORCA_DATABASE", "A B", "9A", "*", "secret://A"])(
    "are never the server's own, nor patterns: %s",
    (name) => {
      expect(problemsOf({}, `secrets:\n  environment: ["${name}"]\n`)).toContain("secrets.environment.0");
    },
  );
});
