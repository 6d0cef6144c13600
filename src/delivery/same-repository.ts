/** Whether two addresses, URLs or absolute paths, name the same repository, as far as their texts tell. */
export function isSameRepository(left: string, right: string): boolean {
  const [one, other] = [plain(left), plain(right)];
  return one !== null && one === other;
}

function plain(address: string): string | null {
  if (address.startsWith("/")) return `file:${withoutEnding(address)}`;
  const url = URL.parse(address);
  if (url === null) return null;
  if (url.protocol === "file:") return `file:${withoutEnding(decodeURIComponent(url.pathname))}`;
  return `${url.host}${withoutEnding(url.pathname)}`.toLowerCase();
}

function withoutEnding(path: string): string {
  let end = path.length;
  while (path[end - 1] === "/") end -= 1;
  return path.slice(0, end).replace(/\.git$/, "");
}
