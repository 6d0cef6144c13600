import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";

import { SMTPServer, type SMTPServerSession } from "smtp-server";

/** A message as it came in, written down before it is answered. */
export type ReceivedMail = {
  readonly from: string;
  readonly to: readonly string[];
  readonly user: string | null;
  /** Whether it came over TLS. */
  readonly secure: boolean;
  readonly raw: string;
};

/**
 * What is answered to a message: "451 …" or "550 …" in full; "cut": the connection is cut once it was received whole;
 * "never": no answer.
 */
export type MailAnswer = string;

export type MailServerSettings = {
  readonly secure?: "tls" | "starttls" | "none";
  /** In PEM; the one that smtp-server brings, which nobody trusts, when missing. */
  readonly identity?: { readonly key: string; readonly cert: string };
  /** Who may log in, and has to; nobody can when missing. */
  readonly login?: { readonly user: string; readonly password: string };
  /** In turn, one for each message; taken once they have run out. */
  readonly answers?: readonly MailAnswer[];
  /** Refused recipients by address, with the answer. */
  readonly refused?: Readonly<Record<string, string>>;
  /** Longest message that is taken. */
  readonly most_bytes?: number;
  /** Whether commands may come at once. */
  readonly pipelining?: boolean;
  /** The connection is cut at this command: nothing is answered. */
  readonly cut_at?: "connect" | "mail" | "rcpt";
};

export type MailServer = {
  readonly port: number;
  readonly received: readonly ReceivedMail[];
  /** Connections that were made. */
  readonly connections: () => number;
  /** Resolves as soon as there are so many messages. */
  until(count: number): Promise<void>;
  close(): Promise<void>;
};

/** A real SMTP server on 127.0.0.1 that keeps a journal. */
export async function startMailServer(settings: MailServerSettings = {}): Promise<MailServer> {
  const { secure = "none", login, refused = {}, cut_at: cutAt } = settings;
  const answers = [...(settings.answers ?? [])];
  const received: ReceivedMail[] = [];
  const waiting = new Set<() => void>();
  const sockets = new Map<number, Socket>();
  let connections = 0;
  // Without TLS only: a socket below TLS is not to be destroyed from here.
  const cut = ({ remotePort }: SMTPServerSession): void => void sockets.get(remotePort)?.destroy();

  const server = new SMTPServer({
    logger: false,
    secure: secure === "tls",
    hideSTARTTLS: secure !== "starttls",
    disabledCommands: [
      ...(secure === "starttls" ? [] : ["STARTTLS"]),
      ...(login === undefined ? ["AUTH"] : []),
    ],
    allowInsecureAuth: true,
    authOptional: login === undefined,
    hidePIPELINING: settings.pipelining === false,
    disableReverseLookup: true,
    closeTimeout: 1,
    ...(settings.most_bytes === undefined ? {} : { size: settings.most_bytes }),
    ...settings.identity,
    onConnect: (session, callback) => (cutAt === "connect" ? cut(session) : callback()),
    onAuth: (auth, _session, callback) => {
      if (auth.username === login?.user && auth.password === login?.password)
        callback(null, { user: auth.username });
      else callback(answerOf(`535 no such login: ${auth.username} ${auth.password}`));
    },
    onMailFrom: (_address, session, callback) => (cutAt === "mail" ? cut(session) : callback()),
    onRcptTo: ({ address }, session, callback) => {
      if (cutAt === "rcpt") return cut(session);
      const answer = refused[address];
      return callback(answer === undefined ? null : answerOf(answer));
    },
    onData: (stream, session, callback) => {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        received.push(mailOf(session, Buffer.concat(chunks)));
        for (const wake of waiting) wake();
        const answer = answers.shift();
        if (answer === "cut") cut(session);
        else if (answer !== "never") callback(answer === undefined ? null : answerOf(answer));
      });
    },
  });
  server.on("error", () => undefined); // clients that leave or do not trust it are part of the tests
  server.server.on("connection", (socket: Socket) => {
    connections += 1;
    sockets.set(socket.remotePort!, socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  return {
    port: (server.server.address() as AddressInfo).port,
    received,
    connections: () => connections,
    async until(count) {
      while (received.length < count) {
        const { promise, resolve } = Promise.withResolvers<void>();
        waiting.add(resolve);
        await promise;
        waiting.delete(resolve);
      }
    },
    async close() {
      await new Promise<void>((resolve) => server.close(resolve));
    },
  };
}

function mailOf({ envelope, user, secure }: SMTPServerSession, bytes: Buffer): ReceivedMail {
  return {
    from: envelope.mailFrom === false ? "" : envelope.mailFrom.address,
    to: envelope.rcptTo.map(({ address }) => address),
    user: (user as string | undefined) ?? null,
    secure,
    raw: bytes.toString("utf8"),
  };
}

function answerOf(text: string): Error {
  const [, code = "550", said = text] = /^(\d{3}) (.*)$/s.exec(text) ?? [];
  return Object.assign(new Error(said), { responseCode: Number(code) });
}
