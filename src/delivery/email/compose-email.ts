import { hash } from "node:crypto";

import type { DeliveryContext } from "../../ports/delivery-action.ts";
import { type Attach, attachmentsOf } from "./email-attachments.ts";
import { emailText, oneLine } from "./email-text.ts";

export type EmailToCompose = {
  readonly from: string;
  readonly recipients: readonly string[];
  /** Null: the title of the work. */
  readonly subject: string | null;
  readonly attach: Attach;
};

export type ComposedEmail = {
  readonly subject: string;
  readonly message_id: string;
  readonly attached: readonly { readonly name: string; readonly size: number }[];
  /** The message as it is sent: the same bytes for every attempt. */
  readonly bytes: Buffer;
};

const SENDER_NAME = "ts-orca";
/** Short enough for a header of one line. */
const ID_DIGITS = 40;

/** Makes the message of one delivery. Rejects with a DeliveryError. */
export async function composeEmail(context: DeliveryContext, mail: EmailToCompose): Promise<ComposedEmail> {
  const { default: MailComposer } = await import("nodemailer/lib/mail-composer");
  const { files, notes } = await attachmentsOf(context, mail.attach);
  const { text, html } = emailText(context, notes);
  const subject = oneLine(mail.subject ?? context.title) || `Workflow ${context.workflow_id}`;
  const contents = files.map(({ name, content }) => [name, hash("sha256", content)]);
  const said = JSON.stringify([context.key, subject, text, html, contents]);
  const messageId = `<${hash("sha256", said).slice(0, ID_DIGITS)}@orca>`;
  const composer = new MailComposer({
    from: { name: SENDER_NAME, address: mail.from },
    // As objects: a text would be taken apart at commas.
    to: mail.recipients.map((address) => ({ name: "", address })),
    subject,
    messageId,
    date: new Date(context.at),
    headers: {
      "X-Orca-Workflow": oneLine(context.workflow_id),
      // Keeps those who are away from answering (RFC 3834).
      "Auto-Submitted": "auto-generated",
    },
    text,
    html,
    attachments: files.map(({ name: filename, content }) => ({
      filename,
      content,
      contentTransferEncoding: "base64",
      contentDisposition: "attachment",
    })),
    // Over what it parts: nobody can write it into the text.
    baseBoundary: hash("sha256", JSON.stringify([context.key, text, html])).slice(0, ID_DIGITS),
    newline: "win",
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const attached = files.map((file) => ({ name: file.name, size: file.content.byteLength }));
  return { subject, message_id: messageId, attached, bytes: await composer.compile().build() };
}
