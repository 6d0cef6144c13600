const LONGEST_PATH = 512;
const LONGEST_NAME = 255;
const UTF8 = new TextEncoder();

/** The second is what NTFS calls the first for old programs. */
const GIT_NAMES = /^(\.git|git~\d+)$/i;
const DEVICE_NAMES = /^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$/i;

/** Folds the spellings that some file systems take for the same file. */
export function pathKey(path: string): string {
  return path.normalize("NFC").toLowerCase();
}

/**
 * Why a path that a model wrote may not name an artifact, or null when it may.
 * Accepted is a relative path with forward slashes that stays inside its directory on every file system.
 */
export function refusalOfPath(path: string): string | null {
  if (path === "" || path.length > LONGEST_PATH) return `a path has 1 to ${LONGEST_PATH} characters`;
  if (!path.isWellFormed()) return "a path is well-formed Unicode";
  if (hasControlCharacter(path)) return "a path has no control characters";
  if (path.includes("\\")) return "a path uses forward slashes";
  if (path.startsWith("/") || /^[A-Za-z]:/.test(path)) return "a path is relative";
  for (const name of path.split("/")) {
    const refusal = refusalOfName(name);
    if (refusal !== null) return refusal;
  }
  return null;
}

function refusalOfName(name: string): string | null {
  if (name === "") return "a path has no empty segment";
  if (name === "." || name === "..") return "a path has no . or .. segment";
  // No character takes more than 3 bytes a UTF-16 unit: short names need no counting.
  if (name.length * 3 > LONGEST_NAME && bytesOf(name) > LONGEST_NAME)
    return `a file name has at most ${LONGEST_NAME} bytes`;
  if (/[. ]$/.test(name)) return "a file name does not end in a dot or a space";
  if (GIT_NAMES.test(name)) return "a path does not go through .git";
  if (DEVICE_NAMES.test(name)) return "a file name is not the name of a Windows device";
  if (/[<>:"|?*]/.test(name)) return 'a file name has none of < > : " | ? *';
  return null;
}

function bytesOf(text: string): number {
  return UTF8.encode(text).length;
}

function hasControlCharacter(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
}
