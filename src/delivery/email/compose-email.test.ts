import { expect, test } from "vitest";

import { attachmentsOf, type MailPart, partOf, readMail } from "../../../test/email/read-mail.ts";
import { type DeliveryContext, DeliveryError } from "../../ports/delivery-action.ts";
import { deliveryContext } from "../delivery-action.testsuite.ts";
import { composeEmail, type EmailToCompose } from "./compose-email.ts";

type Files = readonly (readonly [path: string, content: string])[];
type Try = Partial<DeliveryContext> & { readonly mail?: Partial<EmailToCompose>; readonly files?: Files };

const FILES: Files = [["src/greet.js", "export const greet = 1;\r\n  \n"]];

async function composed({ mail = {}, files = FILES, ...context }: Try = {}): Promise<string> {
  const given = {
    from: "orca@example.com",
    recipients: ["ann@example.com"],
    subject: null,
    attach: "files",
  } as const;
  return (await composeEmail(deliveryContext(files, context), { ...given, ...mail })).bytes.toString();
}

async function read(given: Try = {}): Promise<MailPart> {
  return readMail(await composed(given));
}

const textOf = (mail: MailPart): string => partOf(mail, "text/plain")!.content.toString();
const namesIn = (mail: MailPart): string[] => attachmentsOf(mail).map(([name]) => name);

test("every attempt composes the same bytes, under a name made of the key", async () => {
  expect(await composed({ key: "w/email/t" })).toBe(await composed({ key: "w/email/t" }));
  const id = (await read({ key: "w/email/t" })).headers.get("message-id");
  expect(id).toMatch(/^<[0-9a-f]{40}@orca>$/);
  const more = (await read({ key: "w/email/t", summary: "It says more." })).headers.get("message-id");
  expect(more).not.toBe(id);
  expect((await read({ key: "w/email/u" })).headers.get("message-id")).not.toBe(id);
});

test("no title, summary or name of a file becomes a header, a part or markup", async () => {
  const title = "Hi\r\nBcc: eve@evil.example\r\n\r\n\u2028\u202Ebody <b>x</b>";
  const summary = "<script>alert(1)</script> & \"quotes\" 'too'\n.\nQUIT\n----_NmP-x-Part_1\u0007";
  const raw = await composed({ title, summary, files: [['a"; x=\r\nBcc: eve@evil.example.txt', "x"]] });
  expect(raw).not.toMatch(/^bcc:/im);
  const mail = readMail(raw);
  expect(mail.headers.get("subject")).toBe("Hi Bcc: eve@evil.example body <b>x</b>");
  const html = partOf(mail, "text/html")!.content.toString();
  expect(html).toContain("&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;quotes&quot; &#39;too&#39;");
  expect(html).toContain("<h1>Hi Bcc: eve@evil.example body &lt;b&gt;x&lt;/b&gt;</h1>");
  expect(textOf(mail)).toContain("'too'\r\n.\r\nQUIT\r\n----_NmP-x-Part_1\r\n");
  expect(attachmentsOf(mail)).toHaveLength(1);
});

test("who knows the key can't write what parts the message", async () => {
  const boundaryOf = (mail: MailPart): string =>
    /boundary="([^"]+)"/.exec(mail.headers.get("content-type")!)![1]!;
  const first = boundaryOf(await read({ key: "k" }));
  const summary = `x\n--${first}\nContent-Type: text/html\nContent-Disposition: attachment; filename=evil.html\n\nevil\n`;
  expect(namesIn(await read({ key: "k", summary }))).toEqual(["src_greet.js"]);
});

test("a subject that nobody can see is the name of the workflow", async () => {
  const mail = await read({ title: "\u202E\r\n\0" });
  expect(mail.headers.get("subject")).toBe("Workflow wf_0198c0de000070004f2a91c0deadbeef");
  expect((await read({ mail: { subject: "Done" } })).headers.get("subject")).toBe("Done");
  const long = (await read({ title: "😀".repeat(300) })).headers.get("subject")!;
  expect(long).toMatch(/^(😀){100}…$/u);
});

test("files beyond what a message takes are left to the bundle, and it says so", async () => {
  const many = Array.from({ length: 22 }, (_, at) => [`f${at}.txt`, "x"] as const);
  const long = ["long.txt", "y".repeat(10 * 1024 * 1024)] as const;
  const full = await read({ files: [long, ...many] });
  expect(namesIn(full)).toEqual(["long.txt"]);
  expect(textOf(full)).toContain("22 of 23 files are not attached");
  const twenty = await read({ files: many });
  expect(namesIn(twenty)).toHaveLength(20);
  expect(textOf(twenty)).toContain("2 of 22 files are not attached");
});

test("what the workflow began with and left as it was is not attached", async () => {
  const { artifacts } = deliveryContext([...FILES, ["old.js", "old"]]);
  const mail = await read({
    artifacts: artifacts.map((file) => ({ ...file, changed: file.path !== "old.js" })),
  });
  expect(namesIn(mail)).toEqual(["src_greet.js"]);
  expect(textOf(mail)).not.toContain("old.js");
});

test("the bundle goes along when asked for, and nothing does with none", async () => {
  const [[name, content]] = attachmentsOf(await read({ mail: { attach: "bundle" } })) as [[string, Buffer]];
  expect(name).toMatch(/^[a-z0-9-]+\.zip$/);
  expect(content.subarray(0, 4).toString("latin1")).toBe("PK\u0003\u0004");
  expect(namesIn(await read({ mail: { attach: "none" } }))).toEqual([]);
});

test("a tree that can't be packed is a delivery that says why", async () => {
  const mail = { attach: "bundle" } as const;
  await expect(composed({ mail, files: [["../evil", "x"]] })).rejects.toThrow(DeliveryError);
});
