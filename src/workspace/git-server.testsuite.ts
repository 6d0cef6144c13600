import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

export type GitServerOptions = {
  /** `user:password`, without which nothing is given, and with which pushes are taken. */
  readonly credentials?: string;
  /** Answers in the place of git when it says so. */
  readonly guard?: (request: IncomingMessage, response: ServerResponse) => "answered" | "pass";
};

export type GitServer = {
  readonly port: number;
  /** Its own authority, for `http.sslCAInfo`. */
  readonly certificate: string;
  readonly requests: string[];
  readonly close: () => Promise<void>;
};

/** Git's own HTTP server over TLS for the repositories in `home`, known as repo.example and localhost; /moved/ redirects. */
export async function startGitServer(home: string, options: GitServerOptions = {}): Promise<GitServer> {
  const [key, certificate] = [join(home, "key.pem"), join(home, "certificate.pem")];
  const subject = ["-subj", "/CN=repo.example", "-addext", "subjectAltName=DNS:repo.example,DNS:localhost"];
  const files = ["-keyout", key, "-out", certificate];
  execFileSync(
    "openssl",
    ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", ...subject, ...files],
    {
      stdio: "ignore",
    },
  );
  const requests: string[] = [];
  const server = createServer(
    { key: readFileSync(key), cert: readFileSync(certificate) },
    (request, response) => {
      requests.push(request.url!);
      if (request.url!.startsWith("/moved/")) {
        response.writeHead(302, { location: request.url!.replace("/moved/", "/") }).end();
      } else if (options.guard?.(request, response) === "answered") return;
      else if (isRefused(request, options.credentials)) {
        response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end();
      } else answer(home, request, response);
    },
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    certificate,
    requests,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

function isRefused({ headers }: IncomingMessage, credentials: string | undefined): boolean {
  if (credentials === undefined) return false;
  return headers.authorization !== `Basic ${Buffer.from(credentials).toString("base64")}`;
}

function answer(home: string, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url!, "https://repo.example");
  const backend = spawn("git", ["http-backend"], {
    env: {
      PATH: process.env["PATH"],
      GIT_PROJECT_ROOT: home,
      GIT_HTTP_EXPORT_ALL: "1",
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "safe.directory",
      GIT_CONFIG_VALUE_0: "*",
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method,
      REMOTE_USER: request.headers.authorization === undefined ? undefined : "somebody",
      CONTENT_TYPE: request.headers["content-type"],
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"],
      GIT_PROTOCOL: request.headers["git-protocol"] as string | undefined,
    },
    stdio: ["pipe", "pipe", "inherit"],
  });
  request.pipe(backend.stdin);
  const chunks: Buffer[] = [];
  backend.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  backend.on("close", () => {
    const whole = Buffer.concat(chunks);
    const end = whole.indexOf("\r\n\r\n");
    const headers = whole
      .subarray(0, end)
      .toString("latin1")
      .split("\r\n")
      .map((line) => line.split(/: (.*)/s));
    const status = headers.find(([name]) => name === "Status")?.[1];
    for (const [name, value] of headers) if (name !== "Status") response.setHeader(name!, value!);
    response.writeHead(Number.parseInt(status ?? "200", 10)).end(whole.subarray(end + 4));
  });
}
