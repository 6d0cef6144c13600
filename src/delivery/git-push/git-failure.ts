import { DeliveryError } from "../../ports/delivery-action.ts";
import type { GitResult } from "../../workspace/git.ts";

const MOST_SHOWN = 600;

const TEMPORARY =
  /could not resolve host|failed to connect|couldn't connect|connection (timed out|refused|reset|was reset|closed)|timed out|timeout|operation too slow|empty reply|early EOF|unexpected disconnect|hung up|rpc failed|curl \d+|returned error: (408|425|429|5\d\d)|HTTP\/2 stream|recv failure|send failure|network is unreachable|no route to host|temporary failure|GnuTLS|SSL_|TLS connect/i;

const REASONS: readonly (readonly [found: RegExp, advice: string])[] = [
  [
    /authentication failed|could not read (username|password)|terminal prompts disabled|returned error: 401|invalid (username|credentials)/i,
    "It wants another user or token. Check the username and the token of the delivery, then deliver again.",
  ],
  [
    /returned error: 403|permission (to .* )?denied|not allowed|access denied|write access/i,
    "The token may not do that there. Give it the right to write to this repository, then deliver again.",
  ],
  [
    /repository .*not found|returned error: 404|does not appear to be a git repository|not a git repository|info\/refs not valid/i,
    "There is no such repository, or the token may not see it. Check the remote and the token, then deliver again.",
  ],
  [
    /dubious ownership/i,
    "The repository belongs to another user of this machine. Give it to the one that runs orca, then deliver again.",
  ],
  [
    /redirect|returned error: 30\d/i,
    "The remote redirects. Name the address that it redirects to (often the one that ends in .git), then deliver again.",
  ],
  [
    /certificate (verif|problem)|self[- ]signed|issuer certificate|no alternative certificate/i,
    "The remote is not known by its certificate. Mend the certificate, or add its authority to those of the system.",
  ],
  [
    /object format|mismatched algorithms/i,
    "The repository has SHA-256 ids, which are not pushed to. Deliver to another repository.",
  ],
];

/** What went wrong between git and the remote, for a person; what passes by itself is `temporary`. */
export function failureOf(
  doing: string,
  result: Pick<GitResult, "stderr" | "timedOut">,
  redacted: (text: string) => string,
): DeliveryError {
  const said = shown(redacted(result.stderr));
  if (result.timedOut)
    return new DeliveryError(`${doing} took too long. ${said}`.trim(), { temporary: true });
  const reason = REASONS.find(([found]) => found.test(result.stderr))?.[1];
  if (reason !== undefined) return new DeliveryError(`${doing} failed. ${reason} Git says: ${said}`);
  const temporary = TEMPORARY.test(result.stderr);
  return new DeliveryError(`${doing} failed. Git says: ${said || "nothing"}`, { temporary });
}

/** Words of a remote on one line, and not many of them. */
export function shown(text: string): string {
  const line = text
    .toWellFormed()
    .replaceAll(/\p{Cc}+/gu, " ")
    .trim();
  return line.length <= MOST_SHOWN ? line : `${line.slice(0, MOST_SHOWN - 1).toWellFormed()}…`;
}
