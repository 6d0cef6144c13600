import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

export const USUAL_HOST_PATH = [
  "/usr/local/sbin",
  "/usr/local/bin",
  "/usr/sbin",
  "/usr/bin",
  "/sbin",
  "/bin",
].join(delimiter);

/** Absolute path of a program of the host; null when there is none. */
export function findProgram(name: string, hostPath: string): string | null {
  for (const directory of hostPath.split(delimiter).filter((part) => part.startsWith("/"))) {
    const file = join(directory, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      continue;
    }
  }
  return null;
}
