import { isAbsolute, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { z } from "zod";

import { refusalOfPath } from "../../core/artifact-path.ts";
import { SecretReference } from "../../core/secret-reference.ts";
import { refusalOfRef } from "../../workspace/allowed-repositories.ts";

export type GitPushConfig = {
  readonly remote: string;
  readonly branch?: string | null | undefined;
  readonly base?: string | null | undefined;
  readonly path?: string | null | undefined;
  readonly username?: string | null | undefined;
  readonly token?: string | null | undefined;
  readonly author?: { readonly name: string; readonly email: string } | null | undefined;
};

export type RemotePlace =
  | { readonly kind: "local"; readonly path: string }
  | { readonly kind: "https"; readonly url: URL };

/** `refusalOfPlace` says why the place of a remote is not allowed, or null. */
export function gitPushConfig(
  refusalOfPlace: (place: RemotePlace) => string | null,
): z.ZodType<GitPushConfig> {
  return z
    .strictObject({
      remote: z.string().superRefine((remote, issues) => {
        const place = placeOf(remote);
        const refusal = typeof place === "string" ? place : refusalOfPlace(place);
        if (refusal !== null) issues.addIssue({ code: "custom", message: refusal });
      }),
      branch: refused(refusalOfBranch).nullish(),
      base: refused(refusalOfBranch).nullish(),
      path: refused(refusalOfPath).nullish(),
      username: z
        .string()
        .regex(/^[^\p{Cc}\s:]{1,256}$/u, "a user name has no spaces, colons or control characters")
        .nullish(),
      token: SecretReference.nullish(),
      author: z
        .strictObject({
          name: z
            .string()
            .trim()
            .regex(/^[^<>\p{Cc}]{1,200}$/u, "a name is one line without < and >"),
          email: z.string().regex(/^[^<>\s\p{Cc}]{1,200}$/u, "an address has no spaces, < or >"),
        })
        .nullish(),
    })
    .refine(({ remote, token }) => token == null || remote.startsWith("https:"), {
      path: ["token"],
      error: "only an https remote takes a token",
    });
}

/** The place, or why it is none. */
export function placeOf(remote: string): RemotePlace | string {
  if (remote === "" || remote.length > 2_000 || !remote.isWellFormed() || /\p{Cc}/u.test(remote))
    return "write an https URL, a file:///URL or an absolute path, without control characters";
  if (isAbsolute(remote)) return { kind: "local", path: resolve(remote) };
  const url = URL.parse(remote);
  if (url === null || !["https:", "file:"].includes(url.protocol))
    return "only https URLs, file:///URLs and absolute paths are pushed to";
  if (url.username !== "" || url.password !== "")
    return "a remote has no user or password in it; name the secret as token, such as secret://GIT_TOKEN";
  if (/[?#]/.test(remote)) return "a remote has no ? or # in it";
  if (/%(2f|5c|00|0a|0d)/i.test(url.pathname))
    return "a remote has no encoded slash, NUL or line break in it";
  if (url.protocol === "https:") return { kind: "https", url };
  if (url.host !== "") return "a file URL names no host: write file:///";
  return { kind: "local", path: fileURLToPath(url) };
}

function refusalOfBranch(branch: string): string | null {
  if (/^(refs\/.*|head|@)$/is.test(branch))
    return `write the name of a branch without refs/heads, and not ${JSON.stringify(branch.slice(0, 100))}`;
  return refusalOfRef(branch);
}

function refused(refusalOf: (text: string) => string | null): z.ZodType<string, string> {
  return z.string().superRefine((text, issues) => {
    const refusal = refusalOf(text);
    if (refusal !== null) issues.addIssue({ code: "custom", message: refusal });
  });
}
