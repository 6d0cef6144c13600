/** One part of a message; those of a multipart stand in `parts`. */
export type MailPart = {
  /** By lower-case name, unfolded and decoded. */
  readonly headers: ReadonlyMap<string, string>;
  readonly content: Buffer;
  readonly parts: readonly MailPart[];
};

/** Reads what nodemailer writes: enough of MIME to see what a reader would see. */
export function readMail(raw: string): MailPart {
  const end = raw.indexOf("\r\n\r\n");
  const lines = raw
    .slice(0, end)
    .replaceAll(/\r\n[ \t]/g, " ")
    .split("\r\n");
  const headers = new Map(
    lines.map((line) => {
      const [, name = "", value = ""] = /^([^:\s]+):\s*(.*)$/s.exec(line) ?? [];
      return [name.toLowerCase(), decodedWords(value)];
    }),
  );
  const body = raw.slice(end + 4);
  const boundary = /boundary="([^"]+)"/.exec(headers.get("content-type") ?? "")?.[1];
  if (boundary === undefined) return { headers, content: decoded(body, headers), parts: [] };
  const pieces = `\r\n${body}`.split(`\r\n--${boundary}`).slice(1, -1);
  return { headers, content: Buffer.alloc(0), parts: pieces.map((piece) => readMail(piece.slice(2))) };
}

/** The part of that type, wherever it stands. */
export function partOf(mail: MailPart, type: string): MailPart | undefined {
  if (mail.headers.get("content-type")?.startsWith(type) === true) return mail;
  return mail.parts.map((part) => partOf(part, type)).find((part) => part !== undefined);
}

/** Name and content of each attachment. */
export function attachmentsOf(mail: MailPart): [name: string, content: Buffer][] {
  const isOne = mail.headers.get("content-disposition")?.startsWith("attachment") === true;
  const name = /filename="?([^";]+)"?/.exec(mail.headers.get("content-disposition") ?? "")?.[1] ?? "";
  return [...(isOne ? [[name, mail.content] as [string, Buffer]] : []), ...mail.parts.flatMap(attachmentsOf)];
}

function decoded(body: string, headers: ReadonlyMap<string, string>): Buffer {
  const encoding = headers.get("content-transfer-encoding");
  if (encoding === "base64") return Buffer.from(body, "base64");
  return encoding === "quoted-printable" ? quotedPrintable(body.replaceAll("=\r\n", "")) : Buffer.from(body);
}

function quotedPrintable(text: string): Buffer {
  const bytes = text.replaceAll(/=([0-9A-F]{2})/gi, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
  return Buffer.from(bytes, "latin1");
}

function decodedWords(value: string): string {
  return value
    .replaceAll(/\?=\s+=\?/g, "?==?")
    .replaceAll(/=\?utf-8\?([QB])\?([^?]*)\?=/gi, (_, kind: string, word: string) =>
      (kind.toUpperCase() === "B"
        ? Buffer.from(word, "base64")
        : quotedPrintable(word.replaceAll("_", " "))
      ).toString(),
    );
}
