import { spawn } from "node:child_process";
import { appendFileSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { Server, type CallToolResult, type ServerContext } from "@modelcontextprotocol/server";
import { StdioServerTransport } from "@modelcontextprotocol/server/stdio";

type Given = Readonly<Record<string, unknown>>;
type Behaviour = (given: Given, context: ServerContext, server: Server) => Promise<CallToolResult>;

export type UnrulyFiles = {
  /** JSON list of the tools that are listed, read anew each time. */
  readonly listing: string;
  /** A line for each call that has arrived. */
  readonly calls: string;
};

const FOR_EVER = new Promise<never>(() => undefined);
const text = (content: string): CallToolResult => ({ content: [{ type: "text", text: content }] });
const asError = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What a tool does by its name; one of another name says what it was given. */
const BEHAVIOURS: Readonly<Record<string, Behaviour>> = {
  announce: async ({ times }, _context, server) => {
    for (let sent = 0; sent < Number(times); sent += 1) await server.sendToolListChanged();
    return text("announced");
  },
  hang: () => FOR_EVER,
  freeze: () => {
    for (;;) if (process.pid === 0) return FOR_EVER;
  },
  crash: () => process.exit(3),
  long: async () => text("é".repeat(5_000_000)),
  endless: () => {
    const write = (): void => {
      while (process.stdout.write("x".repeat(65_536)));
      process.stdout.once("drain", write);
    };
    write();
    return FOR_EVER;
  },
  controls: async () => text("a\u001b[31m red\u001b[0m\u0007\r\n b\u202e.exe\u{e0041}\u0000 c\ud800"),
  parts: async () => ({
    content: [
      { type: "text", text: "one" },
      { type: "image", data: "aGVsbG8=", mimeType: "image/png" },
      { type: "resource_link", uri: "https://a.test/x\u001b]", name: "x" },
      { type: "resource", resource: { uri: "file:///y", mimeType: "text/plain", text: "secret" } },
    ],
    isError: true,
  }),
  structured: async () => ({ content: [], structuredContent: { sum: 3 } }),
  ask_back: async (_given, _context, server) => {
    const asked = [
      server.request({
        method: "sampling/createMessage",
        params: { messages: [{ role: "user", content: { type: "text", text: "hi" } }], maxTokens: 9 },
      }),
      server.request({ method: "roots/list" }),
      server.request({
        method: "elicitation/create",
        params: { message: "password?", requestedSchema: { type: "object", properties: {} } },
      }),
    ];
    const answers = await Promise.all(asked.map((work) => work.then(() => "ANSWERED", asError)));
    return text(JSON.stringify([server.getClientCapabilities(), ...answers]));
  },
  whoami: async () => {
    const child = spawn("sleep", ["1000"], { stdio: "inherit" });
    const { pid, env } = process;
    return text(JSON.stringify({ pid, child: child.pid, env, cwd: process.cwd() }));
  },
  complain: async () => {
    process.stderr.write(`\u001b[31m woe\u001b[0m\n${"y".repeat(200_000)}\n`);
    return text("done");
  },
  meta: async (_given, context) => text(JSON.stringify(context.mcpReq["_meta"] ?? {})),
  refuse: () => Promise.reject(new Error("not today")),
};

/** A server that lists what a file says and misbehaves on request. */
export function createUnrulyServer(files: UnrulyFiles): Server {
  const server = new Server(
    { name: "unruly", version: "1" },
    { capabilities: { tools: { listChanged: true } } },
  );
  server.setRequestHandler("tools/list", async () => {
    const tools = JSON.parse(readFileSync(files.listing, "utf8")) as never[];
    if (JSON.stringify(tools).includes("restless")) await server.sendToolListChanged();
    return { tools };
  });
  server.setRequestHandler("tools/call", ({ params }, context) => {
    appendFileSync(files.calls, `${params.name}\n`);
    const given = params.arguments ?? {};
    const behaviour = Object.hasOwn(BEHAVIOURS, params.name) ? BEHAVIOURS[params.name] : undefined;
    return behaviour?.(given, context, server) ?? Promise.resolve(text(JSON.stringify(given)));
  });
  return server;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [listing = "", calls = ""] = process.argv.slice(2);
  await createUnrulyServer({ listing, calls }).connect(new StdioServerTransport());
}
