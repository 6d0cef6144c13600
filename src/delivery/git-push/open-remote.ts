import { realpath } from "node:fs/promises";

import { realpathOfExisting, isInside } from "../../files/write-files.ts";
import { type DeliveryContext, DeliveryError } from "../../ports/delivery-action.ts";
import { EgressError } from "../../ports/egress.ts";
import { heldTo } from "../../workspace/fetch-commit.ts";
import { refusalOfHost } from "../../workspace/refusal-of-host.ts";
import { remoteAddresses } from "../../workspace/remote-addresses.ts";
import { type GitPushConfig, placeOf, type RemotePlace } from "./git-push-config.ts";

export type RemoteRules = {
  /** Directories whose repositories may be pushed to. */
  readonly allowed: readonly string[];
  /**
   * Directories that deliveries write files to. What looks like a repository there may be the work of a model, and the
   * configuration of a repository that is pushed to can start programs.
   */
  readonly written: readonly string[];
  /** Whether the operator allows this host by name: only such a one may have a private address. */
  readonly isAllowedHost: (url: URL) => boolean;
  /** The authorities that https remotes are known by; those of the system when missing. */
  readonly certificates?: string | undefined;
};

/** A remote that was checked, as git is told of it. */
export type Remote = {
  readonly url: string;
  readonly args: readonly string[];
  /** Holds the token: for the processes that talk to the remote, and no others. */
  readonly env: Readonly<Record<string, string>>;
  /** The text without the token, in the forms that a remote could send it back in. */
  readonly redacted: (text: string) => string;
};

/** A shell function of git's: it says what is in the environment of the process that asks. */
const CREDENTIALS = `!f() { if test "$1" = get; then printf 'username=%s\\npassword=%s\\n' "$ORCA_GIT_USERNAME" "$ORCA_GIT_TOKEN"; fi; }; f`;

/** Rejects with a DeliveryError when the remote may not be pushed to, or its host is not found. */
export async function openRemote(
  config: GitPushConfig,
  context: Pick<DeliveryContext, "secret" | "signal">,
  rules: RemoteRules,
): Promise<Remote> {
  const place = placeOf(config.remote);
  if (typeof place === "string") throw new DeliveryError(`The remote can't be pushed to: ${place}.`);
  if (place.kind === "local") return openLocal(place.path, rules);
  const addresses = await remoteAddresses(place.url, rules.isAllowedHost, context.signal).catch(
    (error: unknown) => {
      throw error instanceof EgressError ? failureOf(error) : error;
    },
  );
  const args = [
    ...heldTo(place.url, addresses),
    ...(rules.certificates === undefined ? [] : ["-c", `http.sslCAInfo=${rules.certificates}`]),
  ];
  const env = { GIT_ALLOW_PROTOCOL: "https" };
  const plain = { url: place.url.href, args, env, redacted: (text: string) => text };
  if (config.token == null) return plain;
  const token = await context.secret(config.token);
  if (token === "" || /\p{Cc}/u.test(token))
    throw new DeliveryError(
      `The value behind ${config.token} is no token: it is empty or has a line break in it. Set it again.`,
    );
  return withToken(plain, config.username ?? "x-access-token", token);
}

function withToken(remote: Remote, username: string, token: string): Remote {
  const forms = [token, encodeURIComponent(token), ...[`${username}:${token}`, token].map(base64)];
  return {
    ...remote,
    args: [...remote.args, "-c", `credential.helper=${CREDENTIALS}`],
    env: { ...remote.env, ORCA_GIT_USERNAME: username, ORCA_GIT_TOKEN: token },
    redacted: (text) => forms.reduce((left, form) => left.replaceAll(form, "[token]"), text),
  };
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

/** The check of the configuration on the real places: a link does not widen what is allowed. */
async function openLocal(path: string, rules: RemoteRules): Promise<Remote> {
  const [allowed, written] = await Promise.all(
    [rules.allowed, rules.written].map((directories) => Promise.all(directories.map(realpathOfExisting))),
  );
  const real = await realpath(path).catch((error: unknown) => {
    throw new DeliveryError(`There is no repository in ${path}. Make it, or name another remote.`, {
      cause: error,
    });
  });
  const { isAllowedHost } = rules;
  const refusal = refusalOfPlace(
    { kind: "local", path: real },
    { allowed: allowed!, written: written!, isAllowedHost },
  );
  if (refusal !== null) throw new DeliveryError(`The remote can't be pushed to: ${refusal}.`);
  return { url: real, args: [], env: { GIT_ALLOW_PROTOCOL: "file" }, redacted: (text) => text };
}

export function refusalOfPlace(
  place: RemotePlace,
  { allowed, written, isAllowedHost }: Pick<RemoteRules, "allowed" | "written" | "isAllowedHost">,
): string | null {
  if (place.kind === "https") return refusalOfHost(place.url, isAllowedHost);
  const { path } = place;
  if (!allowed.some((directory) => isInside(directory, path)))
    return `the directory ${path} is not allowed to be pushed to; allow it in orca.yaml with  delivery: { git: { allowed: [${JSON.stringify(path)}] } }`;
  if (written.some((directory) => isInside(directory, path) || isInside(path, directory)))
    return `files are delivered to the directory ${path}, so that nobody knows whose repository it is; keep the repositories in a directory of their own`;
  return null;
}

function failureOf(error: EgressError): DeliveryError {
  const isUnknown = (error.cause as NodeJS.ErrnoException | undefined)?.code === "ENOTFOUND";
  const temporary = error.code !== "refused" && !isUnknown;
  return new DeliveryError(`The remote can't be reached. ${error.message}`, { cause: error, temporary });
}
