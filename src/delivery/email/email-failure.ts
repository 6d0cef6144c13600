import { DeliveryError } from "../../ports/delivery-action.ts";
import { visibleLine } from "../../webhooks/visible-line.ts";
import type { EmailToSend, MailServer } from "./send-email.ts";

/** What nodemailer says of a failure. */
export type SmtpError = Error & {
  readonly code?: string | undefined;
  readonly originalCode?: string | undefined;
  readonly command?: string | undefined;
  readonly responseCode?: number | undefined;
  readonly response?: string | undefined;
  readonly recipient?: string | undefined;
};

type Sending = { readonly mail: EmailToSend; readonly server: MailServer };

const UNTRUSTED = /^(?:ERR_(?:TLS|SSL)|UNABLE_TO_|CERT_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_|INVALID_|EPROTO$)/;

/** Why a message was not sent, or that nobody knows whether it was. */
export function failureOf(
  error: unknown,
  { mail, server, isHandedOver }: Sending & { readonly isHandedOver: boolean },
): DeliveryError {
  if (error instanceof DeliveryError) return error;
  const failure = error as SmtpError;
  const place = `${server.host}:${server.port}`;
  const said = saidBy(failure, { mail, server });
  const cause = failure;
  if (isHandedOver && (failure.responseCode === undefined || failure.command !== "DATA")) {
    const message = `${place} was given the whole message ${mail.message_id} and did not say whether it takes it (${said}). Ask ${mail.recipients.join(", ")} whether it came.`;
    return new DeliveryError(message, { cause, outcome_unknown: true });
  }
  const temporary = isTemporary(failure);
  return new DeliveryError(
    `No message was sent by ${place}: ${said}.${temporary ? "" : ` ${adviceOn(failure, server)}`}`,
    {
      cause,
      temporary,
    },
  );
}

export function noLoginOffered({ host, port }: MailServer): DeliveryError {
  return new DeliveryError(
    `No message was sent by ${host}:${port}: it takes no login. Leave out delivery.email.user and password, or use its port for tls or starttls.`,
  );
}

/** `refused` is not empty. Temporary as long as nothing stands against any of them for ever. */
export function recipientsRefused(refused: readonly SmtpError[], { mail, server }: Sending): DeliveryError {
  const named = refused.map((error) => `${error.recipient} (${saidBy(error, { mail, server })})`);
  const temporary = refused.every(isTemporary);
  const advice = temporary ? "" : " Deliver again without them.";
  return new DeliveryError(
    `No message was sent, to anybody: ${server.host}:${server.port} refuses ${named.join(", ")}.${advice}`,
    { temporary },
  );
}

function isTemporary({ responseCode, code, originalCode }: SmtpError): boolean {
  if (responseCode !== undefined) return responseCode < 500;
  if (UNTRUSTED.test(originalCode ?? "")) return false;
  return code !== "EAUTH" && code !== "EMESSAGE" && code !== "EPROTOCOL";
}

function adviceOn(
  { code, originalCode, command = "" }: SmtpError,
  { secure, password, user }: MailServer,
): string {
  if (code === "EAUTH" || command.startsWith("AUTH")) {
    return `Mend delivery.email.user (${user}) or what stands behind ${password}, then deliver again.`;
  }
  if (command === "STARTTLS")
    return "Use a server that offers STARTTLS, or secure: tls with its port for that.";
  if (UNTRUSTED.test(originalCode ?? "")) {
    return `Its certificate is not trusted here, or it does not speak ${secure} on this port; a certificate authority of your own is named in NODE_EXTRA_CA_CERTS.`;
  }
  if (code === "EPROTOCOL") return "Look whether delivery.email names a mail server.";
  return "Mend what it names, then deliver again; attach: none makes a message short.";
}

/** One line, without the password in any of the ways in which it went out. */
function saidBy({ message, response, originalCode }: SmtpError, { mail, server }: Sending): string {
  const { password } = mail;
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const secrets =
    password === null
      ? []
      : [`\0${server.user}\0${password}`, password].flatMap((text) => [base64(text), text]);
  const line = visibleLine(response ?? message, secrets);
  return originalCode === undefined || line.includes(originalCode) ? line : `${line} (${originalCode})`;
}
