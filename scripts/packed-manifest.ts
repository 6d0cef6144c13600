// The repository brings its own Node as an optional dependency; whoever installs the package has one already.
// `strip` takes it out of package.json just before packing, `restore` puts the file back just after.
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

const manifest = "package.json";
const original = "node_modules/.cache/package.json.original";

async function strip(): Promise<void> {
  const text = await readFile(manifest, "utf8");
  const { optionalDependencies, ...rest } = JSON.parse(text) as Record<string, unknown>;
  if (optionalDependencies === undefined)
    throw new Error(`${manifest} is stripped already: restore it first`);
  await mkdir(dirname(original), { recursive: true });
  await writeFile(original, text);
  await writeFile(manifest, `${JSON.stringify(rest, null, 2)}\n`);
}

async function restore(): Promise<void> {
  await writeFile(manifest, await readFile(original, "utf8"));
  await rm(original);
}

const [action] = process.argv.slice(2);
if (action === "strip") await strip();
else if (action === "restore") await restore();
else throw new Error("usage: node scripts/packed-manifest.ts strip|restore");
