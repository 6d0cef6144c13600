import { mkdtemp, rm } from "node:fs/promises";
import type { Server } from "node:http";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type AllowedProxy = { readonly socket: string; close(): Promise<void> };

/** A host name, or `host:port`; `*.` in front stands for any name below. Without a port, those of HTTP and HTTPS. */
export type AllowedHosts = {
  /** Of one command. */
  readonly wanted: readonly string[];
  /** Of the whole server. */
  readonly allowed: readonly string[];
};

/** What a name on the list may not resolve to, besides what the library refuses: loopback, link-local, metadata. */
const PRIVATE = [
  "10.0.0.0/8",
  "100.64.0.0/10",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "fc00::/7",
];

/**
 * An HTTP proxy on a socket of its own for one command, which lets through what is on both lists. It is the library's,
 * but not the one of its SandboxManager: that one is shared by all commands, told apart by a name that they send, speaks
 * SOCKS besides, and needs helper processes that outlive a killed server.
 */
export async function openAllowedProxy(hosts: AllowedHosts): Promise<AllowedProxy> {
  const [
    { createHttpProxyServer },
    { createResolvedAddressGuard },
    { canonicalizeHost, isValidHost },
    patterns,
  ] = await Promise.all([
    import("@anthropic-ai/sandbox-runtime/dist/sandbox/http-proxy.js"),
    import("@anthropic-ai/sandbox-runtime/dist/sandbox/resolved-address-guard.js"),
    import("@anthropic-ai/sandbox-runtime/dist/sandbox/parent-proxy.js"),
    import("@anthropic-ai/sandbox-runtime/dist/sandbox/domain-pattern.js"),
  ]);
  const onList = (list: readonly string[], host: string, port: number): boolean =>
    list.some(
      (entry) =>
        patterns.isValidAllowedDomainEntry(entry) &&
        patterns.matchesDomainPatternWithPort(host, port, entry) &&
        (patterns.splitDomainPatternPort(entry).port !== undefined || port === 80 || port === 443),
    );
  const filter = (port: number, host: string): boolean => {
    const name = isValidHost(host) ? canonicalizeHost(host) : undefined;
    return name !== undefined && onList(hosts.wanted, name, port) && onList(hosts.allowed, name, port);
  };
  const guard = createResolvedAddressGuard({
    allowedDomains: [...hosts.allowed],
    deniedResolvedAddresses: PRIVATE,
  });
  const server = createHttpProxyServer({
    filter,
    lookupFor: (port) => guard.lookupFor(port),
    requireAsciiHost: true,
  });
  const directory = await mkdtemp(join(tmpdir(), "ts-orca-proxy-"));
  const socket = join(directory, "proxy.sock");
  const closeAll = trackConnections(server);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(socket, resolve);
  });
  return {
    socket,
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
        closeAll();
      });
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Tunnels are no longer the server's connections, so it can't close them itself. */
function trackConnections(server: Server): () => void {
  const open = new Set<Socket>();
  server.on("connection", (connection) => {
    open.add(connection);
    connection.once("close", () => open.delete(connection));
  });
  return () => {
    for (const connection of open) connection.destroy();
  };
}

/** Where programs look for a proxy; Node since 24. */
export function proxyEnvironment(port: number): Readonly<Record<string, string>> {
  const url = `http://127.0.0.1:${port}`;
  return {
    HTTP_PROXY: url,
    HTTPS_PROXY: url,
    http_proxy: url,
    https_proxy: url,
    NO_PROXY: "localhost,127.0.0.1,::1",
    no_proxy: "localhost,127.0.0.1,::1",
    NODE_USE_ENV_PROXY: "1",
  };
}
