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
  readonly close: () => Promise<void>;
};

export async function startScriptedServer(): Promise<ScriptedServer> {
  let script: Script = sendJson(404, {});
  const requests: RecordedRequest[] = [];
  let waiting: ((request: RecordedRequest) => void)[] = [];
  const server = createServer((incoming, response) => {
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

/** Ends the connection in the middle of the answer. */
export const breakOff: Script = (_request, response) => {
  response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
  response.write('{"half":');
  response.socket?.destroy();
};
