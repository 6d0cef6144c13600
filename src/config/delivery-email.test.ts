import { expect, test } from "vitest";

import { Config } from "./config.ts";

const USUAL = {
  host: "mail.example.com",
  port: 587,
  secure: "starttls",
  user: "orca",
  password: "secret://SMTP_PASSWORD",
  from: "orca@example.com",
  allowed_recipients: ["ann@example.com", "@example.org"],
};

const parse = (email: unknown) =>
  Config.safeParse({ data_dir: "/d", database: "sqlite:/d/x", delivery: { email } });

test("without a mail server there is none, and nobody may get mail unless named", () => {
  expect(Config.parse({ data_dir: "/d", database: "sqlite:/d/x" }).delivery.email).toBeNull();
  const { user: _user, password: _password, allowed_recipients: _allowed, ...bare } = USUAL;
  expect(parse(bare).data?.delivery.email).toEqual({
    ...bare,
    user: null,
    password: null,
    allowed_recipients: [],
  });
  expect(parse(USUAL).data?.delivery.email).toEqual(USUAL);
});

test.each([
  ["a password itself", { password: "hunter2hunter2" }, "password"],
  ["a user without a password", { password: null }, "password"],
  ["a password without a user", { user: null }, "password"],
  ["a password in clear to another machine", { secure: "none" }, "secure"],
  ["a way that there is none of", { secure: "ssl" }, "secure"],
  ["a host with a path", { host: "mail.example.com/x" }, "host"],
  ["a name before the address", { from: "Orca <orca@example.com>" }, "from"],
  ["a line break in the address", { from: "orca@example.com\r\nBcc: x@example.com" }, "from"],
  ["everybody", { allowed_recipients: ["*"] }, "allowed_recipients.0"],
  ["every domain", { allowed_recipients: ["@"] }, "allowed_recipients.0"],
  ["all domains of a kind", { allowed_recipients: ["@com"] }, "allowed_recipients.0"],
  ["something that is not known", { tls: true }, ""],
])("a mail server with %s is refused", (_, wrong, field) => {
  const { error } = parse({ ...USUAL, ...wrong });
  expect(error?.issues[0]?.path.slice(2).join(".")).toBe(field);
  expect(JSON.stringify(error?.issues)).not.toContain("hunter2");
});

test("on this machine a login may go out in clear", () => {
  expect(parse({ ...USUAL, secure: "none", host: "127.0.0.1" }).success).toBe(true);
});
