import { hash } from "node:crypto";
import { mkdtemp, readdir, readlink, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import type { Bundle } from "./build-bundle.ts";
import { KeptBundles, type OpenBundle } from "./kept-bundles.ts";
import { bytesOf } from "./unpacked.testsuite.ts";

let home = "";
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "orca-kept-"));
});
afterEach(() => rm(home, { recursive: true }));

const bundle = (...pieces: readonly string[]): Bundle => ({
  file_name: "a.zip",
  media_type: "application/zip",
  bytes: (async function* () {
    for (const piece of pieces) yield await Promise.resolve(Buffer.from(piece));
  })(),
});

/** Makes bundles and counts them. */
function maker(...pieces: readonly string[]) {
  const made = { times: 0, make: () => Promise.resolve(bundle()) };
  made.make = () => {
    made.times += 1;
    return Promise.resolve(bundle(...pieces));
  };
  return made;
}

const textOf = async (opened: OpenBundle, start = 0, end = opened.size) =>
  (await bytesOf(opened.read(start, end))).toString();

/** The files without a name that this process holds open here. */
async function held(): Promise<number> {
  const links = await Promise.all(
    (await readdir("/proc/self/fd")).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")),
  );
  return links.filter((link) => link.startsWith(home)).length;
}

test("a bundle is made once and read in parts, by many at the same time", async () => {
  const bundles = new KeptBundles(join(home, "data/bundles"));
  const made = maker("hello ", "world");
  const opened = await Promise.all(Array.from({ length: 5 }, () => bundles.open("k", made.make)));
  expect(made.times).toBe(1);
  expect(opened[0]).toMatchObject({
    file_name: "a.zip",
    size: 11,
    sha256: hash("sha256", "hello world", "hex"),
  });
  expect(await Promise.all(opened.map((each) => textOf(each)))).toEqual(opened.map(() => "hello world"));
  expect(await textOf(opened[1]!, 4, 7)).toBe("o w");
  expect(await readdir(join(home, "data/bundles"))).toEqual([]);
  expect(await held()).toBe(1);
  await Promise.all(opened.map((each) => each.release()));
  await bundles.close();
  expect(await held()).toBe(0);
});

test("those asked for longest ago go first, and none while it is read", async () => {
  const bundles = new KeptBundles(home, { bundles: 2 });
  const [one, two, three] = [maker("1"), maker("2"), maker("3")];
  const reading = await bundles.open("one", one.make);
  const hasty = await bundles.open("one", one.make);
  await hasty.release();
  await hasty.release();
  await (await bundles.open("two", two.make)).release();
  await (await bundles.open("three", three.make)).release();
  expect(await held()).toBe(3);
  expect(await textOf(reading)).toBe("1");
  await reading.release();
  expect(await held()).toBe(2);
  await (await bundles.open("two", two.make)).release();
  await (await bundles.open("one", one.make)).release();
  await (await bundles.open("two", two.make)).release();
  expect([one.times, two.times, three.times]).toEqual([2, 1, 1]);
  await bundles.close();
});

test("together they are no larger than allowed, but the newest is kept", async () => {
  const bundles = new KeptBundles(home, { bytes: 10 });
  const large = maker("x".repeat(100));
  await (await bundles.open("small", maker("1").make)).release();
  await (await bundles.open("large", large.make)).release();
  await (await bundles.open("large", large.make)).release();
  expect(large.times).toBe(1);
  expect(await held()).toBe(1);
  await (await bundles.open("small", maker("1").make)).release();
  expect(await held()).toBe(1);
  await bundles.close();
});

test("what can't be made is tried again, and leaves nothing open", async () => {
  const bundles = new KeptBundles(home);
  const broken = (): Promise<Bundle> =>
    Promise.resolve({
      ...bundle(),
      bytes: (async function* () {
        yield await Promise.resolve(Buffer.from("a"));
        throw new Error("broken off");
      })(),
    });
  const failed = await Promise.allSettled([1, 2, 3].map(() => bundles.open("k", broken)));
  expect(failed.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
  expect(await held()).toBe(0);
  const opened = await bundles.open("k", maker("fine").make);
  expect(await textOf(opened)).toBe("fine");
  await opened.release();
  await bundles.close();
});

test("only two are made at a time", async () => {
  const bundles = new KeptBundles(home);
  let making = 0;
  let most = 0;
  const make = async (): Promise<Bundle> => {
    making += 1;
    most = Math.max(most, making);
    await Promise.resolve();
    making -= 1;
    return bundle("x");
  };
  const keys = ["a", "b", "c", "d", "e"];
  const opened = await Promise.all(keys.map((key) => bundles.open(key, make)));
  expect(most).toBe(2);
  await Promise.all(opened.map((each) => each.release()));
  await bundles.close();
  expect(await held()).toBe(0);
});
