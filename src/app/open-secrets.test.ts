import { randomBytes } from "node:crypto";

import { expect, test } from "vitest";

import { Config } from "../config/config.ts";
import { ManualClock } from "../engine/testing/manual-clock.testsuite.ts";
import { openSecrets } from "./open-secrets.ts";

const OWN = {
  provider: `prov-${randomBytes(12).toString("hex")}`,
  database: `data-${randomBytes(12).toString("hex")}`,
  hook: `hook-${randomBytes(12).toString("hex")}`,
  key: randomBytes(32).toString("base64"),
  previous: randomBytes(32).toString("hex"),
  mcp: `mcp-${randomBytes(12).toString("hex")}`,
};

const config = Config.parse({
  data_dir: "/d",
  database: `postgres://orca:${OWN.database}@db/orca`,
  providers: [{ name: "openai", kind: "openai", api_key: OWN.provider }],
  hooks: { github: [{ name: "acme", secret: OWN.hook, repositories: ["acme/site"] }] },
  mcp_servers: [
    {
      name: "one",
      transport: { kind: "http", url: "https://mcp.example.com", headers: { "x-api-key": OWN.mcp } },
    },
  ],
  secrets: { key: OWN.key, previous_key: OWN.previous, environment: ["GITHUB_TOKEN_OF_THE_TEAM"] },
});
const storage = {
  forTenant: () => {
    throw new Error("a scan asks no store");
  },
};
const { scanner } = openSecrets({ config, storage, clock: new ManualClock() });

test.each(Object.entries(OWN))(
  "no delivery may hold the installation's own secrets: %s",
  async (_, value) => {
    expect(await scanner.scan([{ path: "a.txt", content: `a ${value} b` }], [])).toHaveLength(1);
  },
);

test("the names of variables that tenants may use are no secrets", async () => {
  const content = "Set GITHUB_TOKEN_OF_THE_TEAM to a token, and 4700 as the port.";
  expect(await scanner.scan([{ path: "a.txt", content }], [])).toEqual([]);
});
