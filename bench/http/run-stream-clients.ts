import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const CLIENTS = fileURLToPath(new URL("./stream-clients.ts", import.meta.url));
const PATIENCE_MS = 60_000;

export type StreamOrder = {
  readonly port: number;
  readonly path: string;
  readonly clients: number;
  /** Connections besides these from which nothing is ever read. */
  readonly deaf: number;
};

export type ToStreamClients =
  | { readonly type: "expect"; readonly events: number }
  | { readonly type: "report"; readonly sent: readonly (readonly [id: number, at: number])[] };

export type StreamReport = {
  readonly type: "report";
  readonly delivered: number;
  readonly p50_ms: number | null;
  readonly p99_ms: number | null;
  readonly max_ms: number | null;
};

export type FromStreamClients = { readonly type: "open" | "expecting" | "arrived" } | StreamReport;

/** The process of the clients, as the measuring process steers it. */
export class StreamClients {
  readonly #process: ChildProcess;

  private constructor(order: StreamOrder) {
    this.#process = fork(CLIENTS, [JSON.stringify(order)], { execArgv: ["--no-warnings"] });
  }

  /** Resolves when every client has heard something. */
  static async open(order: StreamOrder): Promise<StreamClients> {
    const clients = new StreamClients(order);
    await clients.#heard("open");
    return clients;
  }

  /** Resolves when so many events have arrived at all clients together, counted from now; call `sent` in between. */
  async expect(events: number): Promise<{ readonly arrived: Promise<unknown> }> {
    this.#process.send({ type: "expect", events } satisfies ToStreamClients);
    await this.#heard("expecting");
    const arrived = this.#heard("arrived");
    arrived.catch(() => undefined);
    return { arrived };
  }

  /** Delays from the moments of `sent` on. */
  async report(sent: ReadonlyMap<number, number>): Promise<StreamReport> {
    this.#process.send({ type: "report", sent: [...sent] } satisfies ToStreamClients);
    return (await this.#heard("report")) as StreamReport;
  }

  async close(): Promise<void> {
    const gone = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await gone;
  }

  #heard(type: FromStreamClients["type"]): Promise<FromStreamClients> {
    const { promise, resolve, reject } = Promise.withResolvers<FromStreamClients>();
    const fail = (why: string): void => reject(new Error(`clients of the stream: no "${type}", ${why}`));
    const timer = setTimeout(() => fail("in time"), PATIENCE_MS);
    const hear = (message: FromStreamClients): void => {
      if (message.type === type) resolve(message);
    };
    const exit = (): void => fail("they have ended");
    this.#process.on("message", hear);
    this.#process.once("exit", exit);
    return promise.finally(() => {
      clearTimeout(timer);
      this.#process.off("message", hear);
      this.#process.off("exit", exit);
    });
  }
}
