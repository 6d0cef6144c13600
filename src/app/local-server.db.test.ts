import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { ConfigError } from "../config/config-error.ts";
import { Config } from "../config/config.ts";
import { openLocalServer } from "./local-server.ts";

let directory: string;
let config: Config;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "orca-local-"));
  const database = `sqlite:${join(directory, "orca.db")}`;
  config = Config.parse({ data_dir: directory, database, log: { level: "silent" } });
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const OPTIONS = { host: "127.0.0.1", port: 0, version: "0.0.0-test", execute: true };

test("serves until it is closed, and then leaves nothing open", async () => {
  const server = await openLocalServer(config, OPTIONS);
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  await server.close(0);
  await expect(fetch(`${server.url}/healthz`)).rejects.toThrow("fetch failed");
  await (await openLocalServer(config, OPTIONS)).close(0); // the database is free again
});

test("hooks that could start nothing stop the start, which leaves the database free", async () => {
  const hook = { name: "site", secret: "the-secret-of-the-site", repositories: ["acme/site"] };
  const delivery = { action: "pigeon", config: {} };
  const { hooks } = Config.parse({ ...config, hooks: { github: [{ ...hook, delivery }] } });
  const opening = openLocalServer({ ...config, hooks }, OPTIONS);
  await expect(opening).rejects.toThrow(ConfigError);
  await expect(opening).rejects.toThrow("hooks.github[site].delivery.action: There is no");
  await (await openLocalServer(config, OPTIONS)).close(0);
});

test("when its port is taken it refuses and leaves the database free", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  await expect(openLocalServer(config, { ...OPTIONS, port })).rejects.toThrow(String(port));
  other.close();
  await (await openLocalServer(config, OPTIONS)).close(0);
});
