/** The file that a person named can't be used. `message` says what to do instead; nothing was changed. */
export class RefusedFileError extends Error {
  override readonly name = "RefusedFileError";
  readonly code = "file_refused";
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or directory",
  ENOTDIR: "a part of this path is no directory",
  EISDIR: "it is a directory",
  EACCES: "this user may not use it",
  EPERM: "this user may not use it",
  EROFS: "its file system is read-only",
  ELOOP: "its links lead in a circle",
  ENAMETOOLONG: "its name is too long",
};

/** What a failed file operation says of the path that it was given; null when the path is not to blame. */
export function pathProblem(error: unknown): string | null {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return REASONS[code] ?? null;
}
