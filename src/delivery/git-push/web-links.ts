type Pages = (path: string, branch: string, commit: string) => readonly string[];

const PAGES: readonly (readonly [host: RegExp, pages: Pages])[] = [
  [/^github\./, (path, branch, commit) => [`${path}/tree/${branch}`, `${path}/commit/${commit}`]],
  [/^gitlab\./, (path, branch, commit) => [`${path}/-/tree/${branch}`, `${path}/-/commit/${commit}`]],
  [/^bitbucket\.org$/, (path, branch, commit) => [`${path}/branch/${branch}`, `${path}/commits/${commit}`]],
  [
    /^(codeberg\.org$|gitea\.|forgejo\.)/,
    (path, branch, commit) => [`${path}/src/branch/${branch}`, `${path}/commit/${commit}`],
  ],
];

/** Where people see the branch and the commit, for hosts whose pages are known; else the remote itself. */
export function webLinks(remote: URL, branch: string, commit: string): readonly string[] {
  const pages = PAGES.find(([host]) => host.test(remote.hostname))?.[1];
  if (pages === undefined || remote.protocol !== "https:") return [remote.href];
  const path = remote.pathname.replace(/\/+$/, "").replace(/\.git$/, "");
  const encoded = branch.split("/").map(encodeURIComponent).join("/");
  return pages(path, encoded, commit).map((page) => `${remote.origin}${page}`);
}
