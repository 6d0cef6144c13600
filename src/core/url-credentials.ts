/** Whether an address holds neither user nor password; what is no URL holds none. */
export function hasNoCredentials(address: string): boolean {
  const url = URL.parse(address);
  return url === null || (url.username === "" && url.password === "");
}
