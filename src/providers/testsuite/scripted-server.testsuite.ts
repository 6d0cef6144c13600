import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type RecordedRequest = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
};
export type Script = (request: RecordedRequest, response: ServerResponse) => void;

/** A wire-level fake for what aimock can't do: raw bodies, any status and header, answers that never come or break off. */
export type ScriptedServer = {
  readonly url: string;
  readonly requests: readonly RecordedRequest[];
  /** Forgets the requests so far and answers the next ones by this script. */
  readonly play: (script: Script) => void;
  /** Resolves when the next request has arrived. */
  readonly nextRequest: () => Promise<RecordedRequest>;
  /** Resolves when every answer so far has ended or its connection is closed. */
  readonly quiet: () => Promise<void>;
  readonly close: () => Promise<void>;
};

export async function startScriptedServer(): Promise<ScriptedServer> {
  let script: Script = sendJson(404, {});
  const requests: RecordedRequest[] = [];
  const open = new Set<Promise<unknown>>();
  let waiting: ((request: RecordedRequest) => void)[] = [];
  const server = createServer((incoming, response) => {
    const closed = once(response, "close");
    open.add(closed);
    void closed.then(() => open.delete(closed));
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const { method = "", url: path = "", headers } = incoming;
      const request = { method, path, headers, body: Buffer.concat(chunks).toString() };
      requests.push(request);
      script(request, response);
      for (const resolve of waiting) resolve(request);
      waiting = [];
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    play: (next) => {
      requests.length = 0;
      script = next;
    },
    nextRequest: () => new Promise((resolve) => waiting.push(resolve)),
    quiet: async () => {
      await Promise.all(open);
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

export function sendJson(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Script {
  return (_request, response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };
}

/** Takes the request and never answers. */
export const hang: Script = () => undefined;

/** Sends the head of an answer and its first part, then nothing more. */
export const hangInBody: Script = (_request, response) => {
  response.writeHead(200, { "content-type": "application/json" });
  response.write('{"half":');
};

/** Sends the bytes one at a time. */
export function trickle(body: string, everyMs: number): Script {
  return (_request, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    let sent = 0;
    const timer = setInterval(() => response.write(body.charAt(sent++ % body.length)), everyMs);
    response.on("close", () => clearInterval(timer));
  };
}

/** Never stops sending, as fast as it is read. */
export const endless: Script = (_request, response) => {
  response.writeHead(200, { "content-type": "application/json" });
  const chunk = " ".repeat(65_536);
  const pour = (): void => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on("drain", pour);
  pour();
};

/** Ends the connection after this share of the body. */
export function cutOff(body: string, share: number): Script {
  return (_request, response) => {
    response.writeHead(200, { "content-type": "application/json", "content-length": body.length });
    response.write(body.slice(0, body.length * share), () => response.socket?.destroy());
  };
}

/** Sends bytes as they are. */
export function sendBytes(bytes: Buffer, headers: Readonly<Record<string, string>> = {}): Script {
  return (_request, response) => {
    response.writeHead(200, { "content-type": "application/json", ...headers });
    response.end(bytes);
  };
}

/** Ends the connection in the middle of the answer. */
export const breakOff: Script = (_request, response) => {
  response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
  response.write('{"half":');
  response.socket?.destroy();
};
