// Builds dist/ from src/: the compiled code, its type declarations, and the files beside the code that are not code.
import { spawnSync } from "node:child_process";
import { cp, rm } from "node:fs/promises";
import { glob } from "node:fs/promises";
import { join } from "node:path";

await rm("dist", { recursive: true, force: true });

const compiler = spawnSync("tsc", ["-p", "tsconfig.build.json"], { stdio: "inherit" });
if (compiler.error) throw compiler.error;
if (compiler.status !== 0) process.exit(compiler.status ?? 1);

const assets: string[] = [];
for await (const entry of glob("**/*", { cwd: "src", withFileTypes: true })) {
  const path = join(entry.parentPath, entry.name);
  if (entry.isFile() && !entry.name.endsWith(".ts") && !isForTests(path)) assets.push(path);
}
function isForTests(path: string): boolean {
  return path.includes("__fixtures__") || /[\\/]test(ing|suite)[\\/]/.test(path);
}

for (const path of assets) await cp(path, path.replace(/(^|[\\/])src([\\/])/, "$1dist$2"));

console.log(`dist: compiled, and ${assets.length} assets copied`);
