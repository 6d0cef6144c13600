/** Of these no part is the work itself: it was fetched or made, or exists to be broken. */
const NOT_EXAMINED = new Set([
  "node_modules",
  "vendor",
  "venv",
  "site-packages",
  "__pycache__",
  "dist",
  "target",
  "testdata",
  "fixtures",
  "__fixtures__",
  "__snapshots__",
]);

/** Data in these may be wrong on purpose. */
const OF_TESTS = /(^|\/)(tests?|spec|__tests__)\//i;

/** Files that tools read in dialects of JSON with comments, or write by themselves. */
const SETTINGS =
  /^(package(-lock)?|npm-shrinkwrap|composer|bower|lerna|nx|turbo|biome|deno|wrangler|vercel|devcontainer|api-extractor|renovate|angular|language-configuration)\.json$|^(ts|js)config\b.*\.json$|(^|[.-])(lock|rc|config|conf|settings)\.json$/i;

export function isDocument(path: string): boolean {
  return /\.(md|markdown)$/i.test(path) && isExamined(path);
}

export function isData(path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return (
    /\.(csv|tsv|json|jsonl|ndjson)$/i.test(name) &&
    !SETTINGS.test(name) &&
    !OF_TESTS.test(path) &&
    isExamined(path)
  );
}

/** Names with braces are filled in by a template engine. */
function isExamined(path: string): boolean {
  const parts = path.split("/");
  if (parts.some((part) => part.startsWith(".") || part.includes("{"))) return false;
  return !parts.slice(0, -1).some((folder) => NOT_EXAMINED.has(folder.toLowerCase()));
}
