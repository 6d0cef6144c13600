import { createHmac, randomUUID } from "node:crypto";

import { commented } from "../../src/hooks/github/payloads.testsuite.ts";
import { type Attack, json, sent } from "./attack.ts";
import { SHOP, SITE, signatureOf } from "./hook-world.ts";

const SIGNATURE = "x-hub-signature-256";
const EVERY = 50;
const SHORTEST = JSON.stringify(commented()).length;

const forged: readonly Attack[] = [
  sent("forged", "another secret", (world) => ({
    ...json(world.comment()),
    secret: "the-secret-of-the-sitE",
  })),
  sent("forged", "a secret with a line feed", (world) => ({
    ...json(world.comment()),
    secret: `${SITE.secret}\n`,
  })),
  sent("forged", "the name of the variable", (world) => ({
    ...json(world.comment()),
    secret: "${SITE_SECRET}",
  })),
  sent("forged", "the signature of another body", (world) => ({
    ...json(world.comment()),
    headers: { [SIGNATURE]: signatureOf(JSON.stringify(world.comment()), SITE.secret) },
  })),
  sent("forged", "the signature of an empty body", (world) => ({
    ...json(world.comment()),
    headers: { [SIGNATURE]: signatureOf("", SITE.secret) },
  })),
  sent("forged", "zeros", (world) => ({
    ...json(world.label()),
    event: "issues",
    headers: { [SIGNATURE]: `sha256=${"0".repeat(64)}` },
  })),
  sent("forged", "the signature of the same body with other blanks", (world) => {
    const payload = world.comment();
    return {
      body: JSON.stringify(payload, null, 1),
      headers: { [SIGNATURE]: signatureOf(JSON.stringify(payload), SITE.secret) },
    };
  }),
];

const flipped: readonly Attack[] = Array.from({ length: Math.floor(SHORTEST / EVERY) }, (_, index) =>
  sent("flipped", `byte ${index * EVERY}`, (world) => {
    const body = Buffer.from(JSON.stringify(world.comment()));
    const signature = signatureOf(body, SITE.secret);
    body[index * EVERY]! ^= 0x01;
    return { body, headers: { [SIGNATURE]: signature } };
  }),
);

const flippedSignature: readonly Attack[] = [7, 30, 70].map((at) =>
  sent("flipped", `digit ${at} of the signature`, (world) => {
    const { body } = json(world.comment());
    const right = signatureOf(body, SITE.secret);
    const digit = right[at] === "0" ? "1" : "0";
    return { body, headers: { [SIGNATURE]: right.slice(0, at) + digit + right.slice(at + 1) } };
  }),
);

/** Ways to write a signature that is not as GitHub writes it. */
const WRITINGS: Readonly<Record<string, (body: string) => string | readonly string[] | null>> = {
  "SHA-1 under its own name": (body) => signatureOf(body, SITE.secret, "sha1"),
  "SHA-512": (body) => signatureOf(body, SITE.secret, "sha512"),
  MD5: (body) => signatureOf(body, SITE.secret, "md5"),
  "SHA-1 as SHA-256": (body) => signatureOf(body, SITE.secret, "sha1").replace("sha1", "sha256"),
  "no algorithm": (body) => signatureOf(body, SITE.secret).slice("sha256=".length),
  "the algorithm none": () => "none=",
  "capital digits": (body) =>
    `sha256=${signatureOf(body, SITE.secret).slice("sha256=".length).toUpperCase()}`,
  base64: (body) => `sha256=${createHmac("sha256", SITE.secret).update(body).digest("base64")}`,
};
const algorithms: readonly Attack[] = Object.entries(WRITINGS).map(([name, write]) =>
  sent("algorithm", name, (world) => {
    const { body } = json(world.comment());
    return { body, headers: { [SIGNATURE]: write(body) } };
  }),
);

/** What is wrong with the headers; the body is as it should be. */
const HEADERS: Readonly<
  Record<string, (signature: string) => Readonly<Record<string, string | string[] | null>>>
> = {
  "no signature": () => ({ [SIGNATURE]: null }),
  "an empty signature": () => ({ [SIGNATURE]: "" }),
  "half a signature": (right) => ({ [SIGNATURE]: right.slice(0, 39) }),
  "more than a signature": (right) => ({ [SIGNATURE]: `${right}00` }),
  "the signature twice": (right) => ({ [SIGNATURE]: [right, right] }),
  "a right signature after a wrong one": (right) => ({ [SIGNATURE]: [`sha256=${"0".repeat(64)}`, right] }),
  "a right signature in a list": (right) => ({ [SIGNATURE]: `${right}, ${right}` }),
  "only the old signature": (right) => ({ [SIGNATURE]: null, "x-hub-signature": right }),
  "no event": () => ({ "x-github-event": null }),
  "two events": () => ({ "x-github-event": ["ping", "issue_comment"] }),
  "no delivery": () => ({ "x-github-delivery": null }),
  "an empty delivery": () => ({ "x-github-delivery": "" }),
  "two deliveries": () => ({ "x-github-delivery": [randomUUID(), randomUUID()] }),
  "a delivery without an end": () => ({ "x-github-delivery": "a".repeat(101) }),
  "a delivery that is a path": () => ({ "x-github-delivery": "../../etc/passwd" }),
};
const headers: readonly Attack[] = Object.entries(HEADERS).map(([name, change]) =>
  sent("header", name, (world) => {
    const { body } = json(world.comment());
    return { body, headers: change(signatureOf(body, SITE.secret)) };
  }),
);

const foreign: readonly Attack[] = [
  sent("foreign", "the secret of another tenant", (world) => ({
    ...json(world.comment()),
    secret: SHOP.secret,
  })),
  sent("foreign", "the secret of another tenant, for a label", (world) => ({
    ...json(world.label()),
    secret: SHOP.secret,
    event: "issues",
  })),
  sent("foreign", "ours for a repository of another tenant", (world) =>
    json(world.comment({ repository: SHOP.repository })),
  ),
  sent("foreign", "another tenant's with the header of a tenant", (world) => ({
    ...json(world.comment()),
    secret: SHOP.secret,
    headers: { "x-tenant-id": SITE.tenant, "x-scope-id": "root" },
  })),
  sent("foreign", "a repository that nobody has configured", (world) =>
    json(world.comment({ repository: "acme/other" })),
  ),
  sent("foreign", "a repository of the same name of somebody else", (world) =>
    json(world.comment({ repository: "evil/site" })),
  ),
  sent("foreign", "another tenant's in other letters", (world) => ({
    ...json(world.comment({ repository: "ACME/SITE" })),
    secret: SHOP.secret,
  })),
  sent("foreign", "two repositories in one body", (world) => {
    const { body } = json(world.comment({ repository: SHOP.repository }));
    return {
      body: `${body.slice(0, -1)},"repository":{"full_name":"${SITE.repository}"}}`,
      secret: SHOP.secret,
    };
  }),
  sent("foreign", "two names of a repository in one body", (world) => {
    const { body } = json(world.comment({ repository: SHOP.repository }));
    const twice = `"full_name":"${SHOP.repository}","full_name":"${SITE.repository}"`;
    return { body: body.replace(`"full_name":"${SHOP.repository}"`, twice), secret: SHOP.secret };
  }),
];

/** Names that are, look like, or come out as the configured one. */
const NAMES = [
  "acme/\u0455ite",
  "acme/\uff53ite",
  "acme/site\u0301",
  "acme/site ",
  " acme/site",
  "acme/site/",
  "acme//site",
  "acme/./site",
  "acme/x/../site",
  "acme/site.git",
  "acme/site\u0000",
  "acme/site\u200b",
  "acme%2F/site",
  "acme\\site",
  "site",
  "",
];
const names: readonly Attack[] = [
  ...NAMES.map((repository) =>
    sent("name", JSON.stringify(repository), (world) => json(world.comment({ repository }))),
  ),
  // Its Kelvin sign is a k in small letters.
  sent("name", "a sign that becomes a letter", (world) => ({
    ...json(world.comment({ repository: "rival/\u212ait" })),
    secret: SHOP.secret,
  })),
];

/** What is not signed, or not by who may. */
export const signatureAttacks: readonly Attack[] = [
  ...forged,
  ...flipped,
  ...flippedSignature,
  ...algorithms,
  ...headers,
  ...foreign,
  ...names,
];
