import { type IncomingMessage, request as httpRequest } from "node:http";

/** One frame, or a comment, as it stood on the wire. */
export type Frame = {
  readonly id: number | null;
  readonly event: string | null;
  readonly data: string | null;
  readonly text: string;
};

export type Stream = {
  readonly status: number;
  readonly answer: IncomingMessage;
  /** Frames with an id, until the server ends the stream. */
  events(): AsyncGenerator<Frame>;
  frames(): AsyncGenerator<Frame>;
  close(): void;
};

/** Opens a stream by plain node:http, so that nothing between the test and the socket reads ahead. */
export async function openStream(url: string, headers: Record<string, string> = {}): Promise<Stream> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const asked = httpRequest(url, { headers, agent: false }, resolve).on("error", reject);
  asked.end();
  const answer = await promise;
  asked.off("error", reject).on("error", () => answer.destroy());
  async function* frames(): AsyncGenerator<Frame> {
    let text = "";
    answer.setEncoding("utf8");
    for await (const chunk of answer) {
      text += String(chunk);
      const complete = text.split("\n\n");
      text = complete.pop() ?? "";
      for (const frame of complete) yield parse(frame);
    }
  }
  async function* events(): AsyncGenerator<Frame> {
    for await (const frame of frames()) if (frame.id !== null) yield frame;
  }
  return { status: answer.statusCode ?? 0, answer, frames, events, close: () => asked.destroy() };
}

function parse(text: string): Frame {
  const field = (name: string): string | null =>
    text
      .split("\n")
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2) ?? null;
  const id = field("id");
  return { id: id === null ? null : Number(id), event: field("event"), data: field("data"), text };
}
