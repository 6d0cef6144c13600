const IMPORTED = /\b(?:from|import|require)\b[ \t]{0,20}\(?[ \t]{0,20}["'`](\.{1,2}\/[^"'`\n]{1,300})["'`]/g;
const ENDINGS = ["", ".js", ".ts", ".mjs", ".cjs", ".jsx", ".tsx", "/index.js", "/index.ts"];

/** Files of the tree that a script names by a relative path to import them; null for one that is not there. */
export function importsOf(
  tree: ReadonlyMap<string, string>,
  path: string,
  content: string,
): (string | null)[] {
  return [...content.matchAll(IMPORTED)].map(([, name = ""]) => {
    const place = placeOf(path, name);
    if (place === null) return null;
    const candidates = [
      ...ENDINGS.map((ending) => `${place}${ending}`),
      // TypeScript names what a file will be compiled to.
      place.replace(/\.([mc]?)js$/, ".$1ts"),
    ];
    return candidates.find((candidate) => tree.has(candidate)) ?? null;
  });
}

/** The path that a relative one means, or null when it leads out of the tree. */
function placeOf(path: string, name: string): string | null {
  const parts = path.split("/").slice(0, -1);
  for (const part of name.split("/")) {
    if (part === "." || part === "") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) return null;
  }
  return parts.join("/");
}
