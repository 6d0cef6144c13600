import { isAbsolute, resolve } from "node:path";

import { refusalOfPath } from "../core/artifact-path.ts";
import { isInside } from "../files/write-files.ts";
import { RepositoryError, type RepositoryRequest } from "../ports/workspace.ts";

export type AllowedRepositories = {
  readonly directories: readonly string[];
  readonly urls: readonly URL[];
};

/** Where a request leads, checked by its words alone. */
export type RepositoryPlace =
  | { readonly kind: "local"; readonly path: string }
  | { readonly kind: "https"; readonly url: URL };

const HOST = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d+)?$|^\[[0-9a-f:.]+\](:\d+)?$/i;

/** Throws a RepositoryError for an entry that is neither an absolute directory nor a host or the beginning of an https URL. */
export function parseAllowed(entries: readonly string[]): AllowedRepositories {
  const directories: string[] = [];
  const urls: URL[] = [];
  for (const entry of entries) {
    if (isAbsolute(entry)) directories.push(resolve(entry));
    else {
      const url = HOST.test(entry) ? httpsUrl(`https://${entry}`) : httpsUrl(entry);
      if (typeof url === "string") {
        throw new RepositoryError(
          `${JSON.stringify(entry)} cannot be an allowed repository: ${url}. Write an absolute directory, a host such as github.com, or https://github.com/acme.`,
        );
      }
      urls.push(url);
    }
  }
  return { directories, urls };
}

/** The place, or why it may not be read. */
export function placeOf(request: RepositoryRequest, allowed: AllowedRepositories): RepositoryPlace | string {
  const refusal = refusalOfRef(request.ref) ?? refusalOfSubdirectory(request.path);
  if (refusal !== null) return refusal;
  const { repo } = request;
  if (!repo.isWellFormed() || hasControlCharacter(repo) || repo.length > 2_000)
    return "a repository is an absolute path or an https URL without control characters";
  if (isAbsolute(repo)) return localPlace(repo, allowed);
  const url = httpsUrl(repo);
  if (typeof url === "string") return `the repository ${shown(repo)} is not read: ${url}`;
  if (allowed.urls.some((prefix) => isBelow(prefix, url))) return { kind: "https", url };
  return howToAllow(url.href);
}

function localPlace(repo: string, allowed: AllowedRepositories): RepositoryPlace | string {
  const path = resolve(repo);
  if (allowed.directories.some((directory) => isInside(directory, path))) return { kind: "local", path };
  return howToAllow(path);
}

export function howToAllow(repo: string): string {
  return `the repository ${shown(repo)} is not allowed; an operator can add it, or a directory or host that it lies in, to workspace.allowed in orca.yaml`;
}

/** Addresses may hold a password. */
function shown(repo: string): string {
  return JSON.stringify(repo.replace(/\/\/[^/]*@/, "//…@").slice(0, 200));
}

function httpsUrl(text: string): URL | string {
  const url = URL.parse(text);
  if (url === null) return "it is no URL";
  if (url.protocol !== "https:") return "only https URLs and absolute paths are read";
  if (url.username !== "" || url.password !== "") return "it has a user or a password in it";
  if (url.search !== "" || url.hash !== "" || /[?#]$/.test(text)) return "it has a ? or a # in it";
  if (/%2f|%5c|%00|%2e/i.test(url.pathname)) return "it has an encoded slash, dot or NUL in it";
  return url;
}

/** Whole segments: what is allowed for /acme is not for /acme-too. */
function isBelow(prefix: URL, url: URL): boolean {
  if (prefix.host !== url.host) return false;
  const wanted = prefix.pathname.replace(/\/+$/, "");
  return url.pathname === wanted || url.pathname.startsWith(`${wanted}/`);
}

/** The rules of `git check-ref-format`, and nothing that git could take for an option or a range. */
export function refusalOfRef(ref: string | null): string | null {
  if (ref === null) return null;
  const wrong =
    ref === "" ||
    ref.length > 250 ||
    ref === "@" ||
    !ref.isWellFormed() ||
    hasControlCharacter(ref) ||
    /[ ~^:?*[\\]|\.\.|@\{|\/\/|^[-/+]|\/$|\.$/.test(ref) ||
    ref.split("/").some((part) => part.startsWith(".") || part.startsWith("-") || part.endsWith(".lock"));
  return wrong ? `${JSON.stringify(ref.slice(0, 100))} is no name of a branch, a tag or a commit` : null;
}

function refusalOfSubdirectory(path: string | null): string | null {
  const refusal = path === null ? null : refusalOfPath(path);
  return refusal === null
    ? null
    : `the path ${JSON.stringify(path!.slice(0, 100))} in the repository: ${refusal}`;
}

function hasControlCharacter(text: string): boolean {
  return /\p{Cc}/u.test(text);
}
