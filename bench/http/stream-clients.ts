// Clients of one event stream, all in this process, away from the server that is measured.
import { connect, type Socket } from "node:net";

import { percentile, rounded } from "../statistics.ts";
import { sharedNow } from "./now.ts";
import type { FromStreamClients, StreamOrder, ToStreamClients } from "./run-stream-clients.ts";

const order = JSON.parse(process.argv[2] ?? "") as StreamOrder;
const MARK = "\nid: ";
/** More than an id and its mark, so that none is missed between two packets. */
const TAIL = 40;

let open = 0;
let expected = Infinity;
let ids: number[] = [];
let times: number[] = [];

function say(message: FromStreamClients): void {
  process.send?.(message);
}

function follow(): void {
  const socket = asked();
  let tail = "";
  let silent = true;
  socket.on("data", (data: Buffer) => {
    const arrived = sharedNow();
    if (silent) {
      silent = false;
      open += 1;
      if (open === order.clients) say({ type: "open" });
    }
    const text = tail + data.toString("latin1");
    let read = 0;
    for (let at = text.indexOf(MARK); at >= 0; at = text.indexOf(MARK, read)) {
      const end = text.indexOf("\n", at + MARK.length);
      if (end < 0) break;
      ids.push(Number(text.slice(at + MARK.length, end)));
      times.push(arrived);
      read = end;
    }
    tail = text.slice(Math.max(read, text.length - TAIL));
    if (ids.length < expected) return;
    expected = Infinity;
    say({ type: "arrived" });
  });
  socket.on("error", (error) => {
    throw error;
  });
}

function asked(): Socket {
  const { port, path } = order;
  const lines = [`GET ${path} HTTP/1.1`, "Host: 127.0.0.1", "Accept: text/event-stream", "", ""];
  const socket = connect(port, "127.0.0.1", () => socket.write(lines.join("\r\n")));
  return socket.setNoDelay(true);
}

process.on("message", (message: ToStreamClients) => {
  if (message.type === "expect") {
    [ids, times, expected] = [[], [], message.events];
    say({ type: "expecting" });
    return;
  }
  const sent = new Map(message.sent);
  const delays = ids.map((id, index) => (times[index] ?? 0) - (sent.get(id) ?? Number.NaN));
  say({
    type: "report",
    delivered: delays.filter((delay) => !Number.isNaN(delay)).length,
    p50_ms: rounded(percentile(delays, 0.5), 2),
    p99_ms: rounded(percentile(delays, 0.99), 2),
    max_ms: rounded(percentile(delays, 1), 2),
  });
});

for (let index = 0; index < order.clients; index += 1) follow();
for (let index = 0; index < order.deaf; index += 1) asked().pause();
