import { randomBytes } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, expect, test } from "vitest";

import { CliUser, type Ended } from "./cli-command.ts";

const VALUE = `canary-${randomBytes(16).toString("hex")}`;
const KEY = randomBytes(32).toString("base64");

let user: CliUser;
afterEach(() => user.leave());

function piped(text: string, ...args: string[]): Promise<Ended> {
  const { child, ended } = user.start(args);
  child.stdin.end(text);
  return ended;
}

async function onDisk(): Promise<Buffer> {
  const entries = await readdir(user.home, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return Buffer.concat(await Promise.all(files.map((file) => readFile(join(file.parentPath, file.name)))));
}

test("a secret is piped in, listed, and deleted; its value is told to nobody", async () => {
  user = await CliUser.create({ ORCA_SECRET_KEY: KEY });
  const { command } = await user.serve();
  const ended = [
    await piped(`${VALUE}\n`, "secrets", "set", "GITHUB_TOKEN"),
    await user.orca("secrets", "list"),
  ];
  expect(ended).toMatchObject([
    { code: 0, stderr: "" },
    { code: 0, stderr: "" },
  ]);
  expect(ended[0]?.stdout).toBe("stored GITHUB_TOKEN; a delivery names it as secret://GITHUB_TOKEN\n");
  expect(ended[1]?.stdout).toMatch(/^GITHUB_TOKEN {2}set \d{4}-\S+\n$/);
  const stored = await onDisk();
  expect(stored.includes("GITHUB_TOKEN")).toBe(true);
  expect(stored.includes(VALUE)).toBe(false);
  expect((await user.orca("secrets", "delete", "GITHUB_TOKEN")).stdout).toBe("deleted GITHUB_TOKEN\n");
  const gone = await user.orca("secrets", "delete", "GITHUB_TOKEN", "--json");
  expect(gone.code).toBe(5);
  expect(gone.records()).toMatchObject([{ code: "secret_not_found" }]);
  command.child.kill("SIGTERM");
  const server = await command.ended;
  expect(server.stdout + server.stderr).not.toContain(VALUE);
});

test("without a server the command opens the store itself; without a key it says how to get one", async () => {
  user = await CliUser.create();
  const file = join(user.home, "value");
  await writeFile(file, "short\n");
  const refused = await user.orca("secrets", "set", "PIN", "--value-file", file);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toMatch(/openssl rand -base64 32.*ORCA_SECRET_KEY/);
  const { child, ended } = user.start(["secrets", "set", "PIN", "--value-file", file], {
    ORCA_SECRET_KEY: KEY,
  });
  child.stdin.end();
  const stored = await ended;
  expect(stored).toMatchObject({ code: 0, stdout: expect.stringContaining("stored PIN") });
  expect(stored.stderr).toContain("less than 8 characters");
});

test("a value in the place of the name is refused before anything is asked of a server, and not repeated", async () => {
  user = await CliUser.create({ ORCA_SECRET_KEY: KEY });
  const given = ["gh", "p_", "aB3".repeat(12)].join("");
  const nowhere = ["--server", "http://127.0.0.1:9"];
  const { code, stdout, stderr } = await piped("x\n", "secrets", "set", given, ...nowhere);
  expect(code).toBe(2);
  expect(stderr).toContain("a secret has a name");
  expect(stdout + stderr).not.toContain(given);
});
