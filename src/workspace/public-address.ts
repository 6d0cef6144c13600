import { lookUpAll } from "../egress/find-addresses.ts";
import { isPublicAddress, ownAddresses } from "../egress/public-address.ts";
import { RepositoryError } from "../ports/workspace.ts";

/**
 * The addresses of a host, all of them public. Rejects with a RepositoryError when one is not: a name that leads into
 * the operator's network would let a request read what lies there.
 */
export async function publicAddresses(host: string): Promise<readonly string[]> {
  const bare = host.replace(/^\[(.*)\]$/, "$1");
  const found = await lookUpAll(bare).catch((error: unknown) => {
    throw new RepositoryError(`The host ${host} was not found. Check the address of the repository.`, {
      cause: error,
    });
  });
  const own = new Set(ownAddresses());
  if (found.some((address) => !isPublicAddress(address) || own.has(address)))
    throw new RepositoryError(`The host ${host} does not lead to the public internet and is not read from.`);
  return found;
}
