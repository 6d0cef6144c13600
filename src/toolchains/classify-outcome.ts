import type { ToolchainStage } from "../ports/toolchain.ts";

export type StageOutcome = {
  /** Null when a signal ended it. */
  readonly exit_code: number | null;
  readonly output: string;
};

export type StageFailure = {
  /** `unavailable` is never a fault of the tree. */
  readonly status: "failed" | "unavailable";
  /** What is wrong, and what to install or mend when it is not the tree. */
  readonly message: string;
};

/** Of the output that is looked at: what ends a command stands at its end. */
const LOOKED_AT = 16_384;
const LONGEST_LINE = 1_000;

type Trouble = {
  readonly seen: RegExp;
  readonly message: string;
  /** Seen by these alone; otherwise by all. */
  readonly by?: readonly string[];
};

const MACHINE: readonly Trouble[] = [
  {
    seen: /\bENOSPC\b|No space left on device/i,
    message: "The disk is full: make room in the data directory.",
  },
  {
    seen: /\bEDQUOT\b|Disk quota exceeded/i,
    message: "The disk quota is used up: make room in the data directory.",
  },
  {
    seen: /fork: (retry: )?Resource temporarily unavailable/,
    message: "No more processes could be started: raise the process limit of the sandbox.",
  },
];

const TOOLS: readonly Trouble[] = [
  {
    seen: /rustup could not choose a version|no default (toolchain|is configured)/,
    by: ["cargo"],
    message: "Rust has no toolchain in use: run rustup default stable.",
  },
  {
    seen: /'cargo-clippy' is not installed/,
    by: ["cargo"],
    message: "clippy is not installed: run rustup component add clippy.",
  },
  {
    seen: /go\.mod requires go >= .* \(running go .*GOTOOLCHAIN=local\)/,
    by: ["go"],
    message: "The module asks for a newer Go than is installed: install it.",
  },
  {
    seen: /^make(\[\d+\])?: (cc|c99|gcc|g\+\+|c\+\+|clang|clang\+\+|ld|ar): No such file or directory$/m,
    by: ["make"],
    message: "There is no C compiler: apt-get install build-essential.",
  },
  {
    seen: /ensurepip is not available|No module named venv/,
    by: ["python3"],
    message: "Python can't make virtual environments: apt-get install python3-venv.",
  },
  {
    seen: /JAVA_HOME (environment variable )?is not (defined correctly|set)|Unable to locate a Java Runtime/,
    by: ["java"],
    message: "There is no Java: apt-get install default-jdk.",
  },
  {
    seen: /No compiler is provided in this environment/,
    by: ["java"],
    message: "There is a Java runtime but no compiler: apt-get install default-jdk.",
  },
];

/** How the package managers say that a registry did not answer, as against: it knows no such package. */
const UNREACHABLE =
  /\b(ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|ENOTCACHED)\b|Temporary failure in name resolution|Name or service not known|no such host|Could not resolve host|Couldn't resolve host|Unknown host|Failed to establish a new connection|Network is unreachable|Connection (refused|timed out|reset)|i\/o timeout|connect timed out|\b50[234] (Bad Gateway|Service Unavailable|Gateway Time-?out)|\bE50[0234]\b|Cannot connect to proxy|Tunnel connection failed: 5/i;

/**
 * Whose fault it is that a stage has ended with another exit code than 0. The output is partly the tree's own: only what the
 * stage itself relies on (its programs, its registries, the machine) can make it unavailable.
 */
export function classifyOutcome(stage: ToolchainStage, outcome: StageOutcome): StageFailure {
  const tail = outcome.output.slice(-LOOKED_AT);
  const missing = stage.requires.find((program) => saysMissing(outcome.exit_code, tail, program));
  if (missing !== undefined)
    return unavailable(`${missing} was not found: install it and put it on the PATH of the server.`);
  const trouble = [...MACHINE, ...TOOLS].find(
    ({ seen, by }) =>
      (by === undefined || by.some((name) => stage.requires.includes(name))) && seen.test(tail),
  );
  if (trouble !== undefined) return unavailable(trouble.message);
  if (stage.network.length > 0 && isUnreachable(tail, stage.network))
    return unavailable(
      `The package registry (${stage.network.join(", ")}) could not be reached: try again later.`,
    );
  return { status: "failed", message: failureText(stage, outcome.exit_code) };
}

function unavailable(message: string): StageFailure {
  return { status: "unavailable", message };
}

function failureText(stage: ToolchainStage, exitCode: number | null): string {
  const how = exitCode === null ? "was ended by a signal" : `ended with exit code ${exitCode}`;
  return `The ${stage.stage} command ${how}: ${stage.command}`;
}

/** As the shell says it, or `env` in a script's first line; a program that a script lacks is the script's fault. */
function saysMissing(exitCode: number | null, output: string, program: string): boolean {
  if (exitCode !== 127 && exitCode !== 126) return false;
  const name = RegExp.escape(program);
  return new RegExp(
    String.raw`(^|[\s:/])${name}: (command )?not found$|env: ['‘]?${name}['’]?: No such file or directory$`,
    "m",
  ).test(output);
}

/** A host that the stage may not reach at all is named by the tree, not missing. */
function isUnreachable(output: string, network: readonly string[]): boolean {
  const lines = output
    .split("\n")
    .map((line) => line.slice(0, LONGEST_LINE))
    .filter((line) => UNREACHABLE.test(line));
  const hosts = lines.flatMap((line) =>
    [...line.matchAll(NAMED_HOST)].map((match) => match[1]?.toLowerCase()),
  );
  return lines.length > 0 && (hosts.length === 0 || hosts.some((host) => network.includes(host ?? "")));
}

const NAMED_HOST =
  /(?:https?:\/\/|ENOTFOUND |EAI_AGAIN |resolve host:? |lookup |host=')([a-z0-9.-]{1,253})/gi;
