import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";

const SOURCES = join(import.meta.dirname, "../../../src");

/** Every name that the product calls `failpoint` with, from the sources themselves. */
export async function failpointsInSource(): Promise<string[]> {
  const names = new Set<string>();
  for await (const file of glob("**/*.ts", { cwd: SOURCES })) {
    if (/\.(test|testsuite)\.ts$/.test(file)) continue;
    const text = await readFile(join(SOURCES, file), "utf8");
    for (const [, name = ""] of text.matchAll(/\bfailpoint(?:\?\.)?\(\s*"([^"]+)"/g)) names.add(name);
  }
  return [...names].toSorted();
}
