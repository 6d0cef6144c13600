import { BundleError } from "./bundle-error.ts";

const DEVICE_NAMES = /^(con|prn|aux|nul|com[\d¹²³]|lpt[\d¹²³]|conin\$|conout\$)(\..*)?$/i;

/**
 * Throws a BundleError for a path that would leave the directory it is unpacked in, on any system, or that stands in the
 * way of another. They were checked when they were written; an archive is where it would hurt.
 */
export function refuseUnsafePaths(paths: readonly string[]): void {
  const files = new Set(paths);
  if (files.size < paths.length) throw new BundleError("Two files of the tree have the same path.");
  for (const path of paths) {
    const refusal = refusalOf(path) ?? refusalOfPlace(path, files);
    if (refusal !== null)
      throw new BundleError(`${JSON.stringify(path)} can't be put into a bundle: ${refusal}.`);
  }
}

function refusalOf(path: string): string | null {
  if (path === "") return "it has no name";
  if (path.includes("\0")) return "it holds a NUL";
  if (!path.isWellFormed()) return "it is not well-formed Unicode";
  if (/^[/\\]/.test(path)) return "it is absolute";
  if (/^[A-Za-z]:/.test(path)) return "it names a drive";
  // A backslash is a separator to those who unpack on Windows.
  const names = path.split(/[/\\]/);
  if (names.includes("..") || names.includes(".")) return "it has a . or .. segment";
  if (path.split("/").includes("")) return "it has an empty segment";
  return null;
}

function refusalOfPlace(path: string, files: ReadonlySet<string>): string | null {
  for (let slash = path.indexOf("/"); slash > 0; slash = path.indexOf("/", slash + 1)) {
    const parent = path.slice(0, slash);
    if (files.has(parent)) return `it lies in ${JSON.stringify(parent)}, which is a file`;
  }
  return null;
}

/** What is stored as it is, and yet can't be unpacked everywhere; a line each. */
export function warningsAbout(paths: readonly string[]): readonly string[] {
  const firstOfKey = new Map<string, string>();
  return paths.flatMap((path) => {
    const warnings = oddNames(path).map((problem) => `${JSON.stringify(path)}: ${problem}`);
    const key = path.normalize("NFC").toLowerCase();
    const twin = firstOfKey.get(key);
    if (twin === undefined) firstOfKey.set(key, path);
    else
      warnings.push(
        `${JSON.stringify(path)}: it is the same file as ${JSON.stringify(twin)} where case and the spelling of accents do not count`,
      );
    return warnings;
  });
}

function oddNames(path: string): string[] {
  const names = path.split("/");
  const problems = [
    names.some((name) => DEVICE_NAMES.test(name)) && "Windows keeps this name for a device",
    names.some((name) => /[. ]$/.test(name)) && "Windows drops the dot or space at the end of a name",
    /[<>:"|?*\\]/.test(path) && 'Windows allows none of < > : " | ? * \\ in a name',
    // eslint-disable-next-line no-control-regex -- these are what is warned of
    /[\u0001-\u001f\u007f]/.test(path) && "it holds control characters",
  ];
  return problems.filter((problem) => problem !== false);
}
