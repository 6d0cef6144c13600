import { Readable } from "node:stream";

import type { SMTPConnectionAuth, SMTPEnvelope } from "nodemailer";
import type SMTPConnection from "nodemailer/lib/smtp-connection";

import { type DeliveryError } from "../../ports/delivery-action.ts";
import { failureOf, noLoginOffered, recipientsRefused, type SmtpError } from "./email-failure.ts";

/** The mail server of the installation. */
export type MailServer = {
  readonly host: string;
  readonly port: number;
  readonly secure: "tls" | "starttls" | "none";
  readonly user: string | null;
  /** As `secret://NAME`. */
  readonly password: string | null;
  readonly from: string;
};

export type EmailToSend = {
  readonly message_id: string;
  readonly recipients: readonly string[];
  readonly bytes: Buffer;
  /** The value; null when nobody logs in. */
  readonly password: string | null;
  readonly signal: AbortSignal;
};

/** How long connecting and greeting may take, and the silence before an answer. */
export type EmailTimeouts = { readonly connect_ms: number; readonly silence_ms: number };

const TIMEOUTS: EmailTimeouts = { connect_ms: 20_000, silence_ms: 120_000 };
const CHUNK_BYTES = 64 * 1024;

/** The envelope as the connection keeps it up to date. */
type Envelope = SMTPEnvelope & { readonly rejectedErrors?: readonly SmtpError[] };

/**
 * Sends one message to all of its recipients or to none, and gives the server's answer. Rejects with a DeliveryError whose
 * `outcome_unknown` says whether it may have been sent all the same, or with what `signal` was aborted with.
 */
export async function sendEmail(
  mail: EmailToSend,
  server: MailServer,
  timeouts: EmailTimeouts = TIMEOUTS,
): Promise<string> {
  mail.signal.throwIfAborted();
  const connection = await connectionTo(server, timeouts);
  const handOver = { whole: false };
  const { promise: broken, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(mail.signal.reason);
  connection.on("error", reject);
  mail.signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([broken, converse(connection, { mail, server, handOver })]);
  } catch (error) {
    if (mail.signal.aborted && error === mail.signal.reason) throw error;
    throw failureOf(error, { mail, server, isHandedOver: handOver.whole });
  } finally {
    mail.signal.removeEventListener("abort", abort);
    connection.close();
  }
}

async function connectionTo(server: MailServer, timeouts: EmailTimeouts): Promise<SMTPConnection> {
  const { default: Connection } = await import("nodemailer/lib/smtp-connection");
  return new Connection({
    host: server.host,
    port: server.port,
    secure: server.secure === "tls",
    requireTLS: server.secure === "starttls",
    ignoreTLS: server.secure === "none",
    // Whatever the environment says of certificates.
    tls: { rejectUnauthorized: true },
    connectionTimeout: timeouts.connect_ms,
    greetingTimeout: timeouts.connect_ms,
    dnsTimeout: timeouts.connect_ms,
    socketTimeout: timeouts.silence_ms,
    socketCloseTimeout: 1000,
    allowInternalNetworkInterfaces: true,
  });
}

type Conversation = {
  readonly mail: EmailToSend;
  readonly server: MailServer;
  readonly handOver: { whole: boolean };
};

async function converse(
  connection: SMTPConnection,
  { mail, server, handOver }: Conversation,
): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    connection.connect((error) => (error ? reject(error) : resolve()));
  });
  if (server.user !== null && mail.password !== null) {
    if (!connection.allowsAuth) throw noLoginOffered(server);
    await login(connection, { user: server.user, pass: mail.password });
  }
  const envelope: Envelope = { from: server.from, to: [...mail.recipients], size: mail.bytes.byteLength };
  const message = Readable.from(chunksOf({ mail, server, handOver }, envelope), {
    objectMode: false,
    highWaterMark: CHUNK_BYTES,
  });
  return new Promise((resolve, reject) => {
    connection.send(envelope, message, (error, info) =>
      error ? reject(error) : resolve(info?.response ?? ""),
    );
  });
}

function login(connection: SMTPConnection, credentials: SMTPConnectionAuth): Promise<void> {
  return new Promise((resolve, reject) => {
    connection.login(credentials, (error) => (error ? reject(error) : resolve()));
  });
}

/** Read from once the server is ready for the message, when it has said of every recipient whether it takes it. */
function* chunksOf(
  { mail, server, handOver }: Conversation,
  envelope: Envelope,
): Generator<Buffer, void, void> {
  const refused = envelope.rejectedErrors ?? [];
  // A message that breaks off before its end is thrown away by the server.
  if (refused.length > 0) throw recipientsRefused(refused, { mail, server }) satisfies DeliveryError;
  for (let start = 0; start < mail.bytes.byteLength; start += CHUNK_BYTES) {
    const end = start + CHUNK_BYTES;
    handOver.whole = end >= mail.bytes.byteLength;
    yield mail.bytes.subarray(start, end);
  }
}
