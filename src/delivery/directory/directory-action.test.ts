import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { DeliveryError } from "../../ports/delivery-action.ts";
import { deliveryActionSuite, deliveryContext } from "../delivery-action.testsuite.ts";
import { createDirectoryAction } from "./directory-action.ts";

async function tree(directory: string): Promise<Record<string, string>> {
  const names = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const contents = await Promise.all(files.map((file) => readFile(file, "utf8")));
  return Object.fromEntries(files.map((file, index) => [file.slice(directory.length + 1), contents[index]!]));
}

deliveryActionSuite("directory", async () => {
  const allowed = await mkdtemp(join(tmpdir(), "orca-delivery-"));
  return {
    action: createDirectoryAction({ allowed: [allowed], defaultRoot: join(allowed, "deliveries") }),
    config: { path: join(allowed, "out") },
    result: () => (existsSync(join(allowed, "out")) ? tree(join(allowed, "out")) : Promise.resolve({})),
    close: () => rm(allowed, { recursive: true }),
  };
});

let home = "";
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "orca-delivery-"));
  await mkdir(join(home, "allowed"));
  await mkdir(join(home, "private"));
});
afterEach(() => rm(home, { recursive: true }));

const create = (...allowed: string[]) =>
  createDirectoryAction({ allowed, defaultRoot: join(home, "data/deliveries") });
const deliver = (path: string, ...files: [path: string, content: string][]) =>
  create(join(home, "allowed")).deliver({ path }, contextOf(files));

const contextOf = (files: readonly [path: string, content: string][]) =>
  deliveryContext(files, { workflow_id: "w" });

test("writes the newest revision over an older one and leaves what else is there", async () => {
  const out = join(home, "allowed/out");
  await deliver(out, ["a.txt", "old"]);
  await writeFile(join(out, "mine.txt"), "mine");
  await deliver(out, ["a.txt", "new"], ["deep/b.txt", "b"]);
  expect(await tree(out)).toEqual({ "a.txt": "new", "deep/b.txt": "b", "mine.txt": "mine" });
});

test.each([
  ["a directory beside the allowed one", "../private"],
  ["a directory whose name only begins like it", "../allowed-too"],
  ["a way out", "x/../../private"],
])("%s is refused when the workflow is created, with the line to add", (_, path) => {
  const full = `${join(home, "allowed")}/${path}`;
  const checked = create(join(home, "allowed")).config.safeParse({ path: full });
  expect(checked.error?.issues[0]?.message).toContain("delivery: { directory: { allowed: [");
});

test("nothing is allowed by default", () => {
  const { config } = create();
  expect(config.safeParse({ path: home }).error?.issues[0]?.message).toBe(
    `the directory ${home} is not allowed for delivery; ` +
      `allow it in orca.yaml with  delivery: { directory: { allowed: ["${home}"] } }`,
  );
});

test("a relative path is refused", () => {
  const { config } = create("/");
  expect(config.safeParse({ path: "out" }).error?.issues[0]?.message).toBe("write an absolute path");
});

test.each([{}, { path: null }])(
  "%j writes to the workflow's own directory, without permission",
  async (given) => {
    const action = create();
    const receipt = await action.deliver(action.config.parse(given), contextOf([["src/a.txt", "a"]]));
    expect(await tree(join(home, "data/deliveries/w"))).toEqual({ "src/a.txt": "a" });
    expect(receipt.metadata).toContainEqual({ name: "path", value: join(home, "data/deliveries/w") });
  },
);

test("a link in the place of the workflow's own directory does not lead out", async () => {
  await mkdir(join(home, "data/deliveries"), { recursive: true });
  await symlink(join(home, "private"), join(home, "data/deliveries/w"));
  await expect(create().deliver({}, contextOf([["a.txt", "a"]]))).rejects.toThrow(DeliveryError);
  expect(await readdir(join(home, "private"))).toEqual([]);
});

test("the directories of other workflows are not allowed by a path", () => {
  const path = join(home, "data/deliveries/other");
  expect(create().config.safeParse({ path }).success).toBe(false);
});

test("a link in the allowed directory does not lead out of it", async () => {
  await symlink(join(home, "private"), join(home, "allowed/link"));
  await expect(deliver(join(home, "allowed/link/out"), ["a.txt", "a"])).rejects.toThrow(DeliveryError);
  expect(await readdir(join(home, "private"))).toEqual([]);
});

test("a link inside the target does not lead out of it, and nothing is written beside it", async () => {
  const out = join(home, "allowed/out");
  await mkdir(out);
  await symlink(join(home, "private"), join(out, "src"));
  await expect(deliver(out, ["a.txt", "a"], ["src/deep/b.txt", "b"])).rejects.toThrow(/symbolic link/);
  expect(await readdir(join(home, "private"))).toEqual([]);
  expect(await readdir(out)).toEqual(["src"]);
});

test("a link in the last place is replaced, what it points to stays", async () => {
  const out = join(home, "allowed/out");
  await mkdir(out);
  await writeFile(join(home, "private/secret.txt"), "untouched");
  await symlink(join(home, "private/secret.txt"), join(out, "a.txt"));
  await deliver(out, ["a.txt", "a"]);
  expect(await readFile(join(home, "private/secret.txt"), "utf8")).toBe("untouched");
  expect(await tree(out)).toEqual({ "a.txt": "a" });
});

test.each(["../a", "/etc/a", "a\0b", "a/../../b", ".git/config"])(
  "the path %j is not written",
  async (path) => {
    const out = join(home, "allowed/out");
    await expect(deliver(out, ["good.txt", "g"], [path, "x"])).rejects.toThrow(DeliveryError);
    expect(await readdir(join(home, "allowed"))).toEqual([]);
  },
);

test("case twins are not written", async () => {
  await expect(deliver(join(home, "allowed/out"), ["A.txt", "1"], ["a.txt", "2"])).rejects.toThrow(
    /same file/,
  );
});

test("a directory in the place of a file fails the delivery and leaves no staging behind", async () => {
  const out = join(home, "allowed/out");
  await mkdir(join(out, "a.txt"), { recursive: true });
  await expect(deliver(out, ["a.txt", "a"])).rejects.toThrow(/no file stands there/);
  expect(await readdir(out)).toEqual(["a.txt"]);
});

test("a preview reads no more than what could be the same, and follows and waits for nothing", async () => {
  const out = join(home, "allowed/out");
  await mkdir(join(out, "directory"), { recursive: true });
  await writeFile(join(out, "same.txt"), "é");
  await writeFile(join(out, "other.txt"), "ab");
  await writeFile(join(out, "longer.txt"), "");
  await truncate(join(out, "longer.txt"), 8 * 1024 ** 4);
  await symlink(join(out, "same.txt"), join(out, "link"));
  execFileSync("mkfifo", [join(out, "pipe")]);
  await symlink(join(home, "private"), join(out, "away"));
  await writeFile(join(home, "private/same.txt"), "é");
  const names = [
    "same.txt",
    "other.txt",
    "longer.txt",
    "new/a",
    "link",
    "pipe",
    "directory",
    "away/same.txt",
  ];
  const context = contextOf(names.map((name) => [name, "é"]));
  const { effects } = await create(join(home, "allowed")).preview({ path: out }, context);
  expect(effects).toEqual([
    "same.txt: is there already",
    "other.txt: is replaced",
    "longer.txt: is replaced",
    "new/a: is written",
    "link: is replaced",
    "pipe: something that is no file stands there, so nothing can be delivered",
    "directory: something that is no file stands there, so nothing can be delivered",
    "away/same.txt: a link leads out of the directory, so nothing can be delivered",
  ]);
}, 5_000);
