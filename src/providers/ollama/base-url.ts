const DEFAULT_PORT = 11_434;

/** The address of Ollama's API from the forms that OLLAMA_HOST takes: `host`, `host:port`, `:port` or a URL, with or without `/api`. */
export function ollamaBaseUrl(host: string | null): string {
  const given = (host ?? "").trim() || "127.0.0.1";
  const withHost = given.startsWith(":") ? `127.0.0.1${given}` : given;
  const url = new URL(/^https?:\/\//.test(withHost) ? withHost : `http://${withPort(withHost)}`);
  // 0.0.0.0 is where a server listens, not where a client calls.
  if (url.hostname === "0.0.0.0") url.hostname = "127.0.0.1";
  const path = url.pathname.replace(/\/+$/, "").replace(/\/api$/, "");
  return `${url.origin}${path}/api`;
}

function withPort(host: string): string {
  const [authority = "", ...path] = host.split("/");
  const named = /:\d+$/.test(authority) ? authority : `${authority}:${DEFAULT_PORT}`;
  return [named, ...path].join("/");
}
