import { existsSync, lstatSync, readdirSync, readlinkSync, realpathSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";

import type { SandboxCommand, SandboxLimits } from "../ports/sandbox.ts";
import type { Devices } from "./devices.ts";

export const HOME = "/home/sandbox";
const TEMPORARY = "/tmp";
/** Inside; where the proxy of a command with network listens. */
export const PROXY_SOCKET = "/run/sandbox/proxy.sock";
const SYSTEM_PATH = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/** The file descriptors of bubblewrap, which spawn gives it. */
export const DESCRIPTORS = {
  arguments: 3,
  filter: 4,
  passwd: 5,
  group: 6,
  hosts: 7,
  status: 8,
  command: 9,
} as const;

/** What of the host can be seen, besides programs: no keys, no accounts, no settings of services. */
const ETC = [
  "alternatives",
  "ca-certificates",
  "crypto-policies",
  "debian_version",
  "fonts",
  "gai.conf",
  "host.conf",
  "ld.so.cache",
  "ld.so.conf",
  "ld.so.conf.d",
  "locale.alias",
  "localtime",
  "magic",
  "magic.mime",
  "maven/logging",
  "maven/m2.conf",
  "mime.types",
  "nsswitch.conf",
  "os-release",
  "pki/ca-trust/extracted",
  "pki/java",
  "pki/tls/certs",
  "pki/tls/cert.pem",
  "protocols",
  "services",
  "ssl/certs",
  "ssl/cert.pem",
  "ssl/openssl.cnf",
  "terminfo",
  "timezone",
];

/** Kernel-wide facts that no build needs; root reads them even without a right. */
const HIDDEN = ["kcore", "keys", "kmsg", "timer_list", "sysrq-trigger"].map((name) => `/proc/${name}`);

export type Jail = {
  readonly command: SandboxCommand;
  readonly limits: SandboxLimits;
  readonly devices: Devices | null;
  /** Programs of the host that must be there, wherever they lie. */
  readonly programs: readonly string[];
  /** Socket of the proxy on the host; null without network. */
  readonly proxySocket: string | null;
  readonly environment: Readonly<Record<string, string>>;
};

/** Namespaces of its own, no rights in them, and an end with the server. */
const CONFINED =
  "--unshare-user --unshare-pid --unshare-ipc --unshare-net --unshare-uts --unshare-cgroup-try " +
  "--uid 1000 --gid 1000 --hostname sandbox --cap-drop ALL --die-with-parent --new-session " +
  `--seccomp ${DESCRIPTORS.filter} --json-status-fd ${DESCRIPTORS.status} --clearenv`;

/** Kernel settings below /proc belong to root, whose user a command of a server run by root has outside. */
const PROCESSES = `--proc /proc ${hidden()} --remount-ro /proc`;

const SYSTEM =
  "--ro-bind /usr /usr --ro-bind-try /opt /opt --ro-bind-try /nix/store /nix/store " +
  `--ro-bind-data ${DESCRIPTORS.passwd} /etc/passwd --ro-bind-data ${DESCRIPTORS.group} /etc/group ` +
  `--ro-bind-data ${DESCRIPTORS.hosts} /etc/hosts`;

/** bubblewrap's options, in the order in which it makes them true: what comes later lies on top. */
export function jailArguments(jail: Jail): readonly string[] {
  const { command, limits } = jail;
  const directory = checkedPath(command.directory);
  return [
    ...words(CONFINED),
    ...words(PROCESSES),
    ...deviceArguments(jail),
    ...words(SYSTEM),
    ...systemArguments(),
    ...memory(TEMPORARY, limits.memory_bytes / 4),
    ...memory(HOME, limits.memory_bytes / 4),
    ...jail.programs.flatMap((file) => readOnly(file)),
    ...(command.readable ?? []).flatMap((path) => readOnly(checkedPath(path))),
    ...(jail.proxySocket === null ? [] : ["--ro-bind", jail.proxySocket, PROXY_SOCKET]),
    "--bind",
    directory,
    directory,
    // bubblewrap's own root is writable memory without a limit.
    ...words("--remount-ro / --chdir"),
    directory,
    ...Object.entries(jail.environment).flatMap(([name, value]) => ["--setenv", name, value]),
  ];
}

/** PATH, HOME, TMPDIR and LANG, and what the command asks for. */
export function jailEnvironment(
  command: SandboxCommand,
  also: Readonly<Record<string, string>>,
): Record<string, string> {
  return {
    PATH: searchPath(dirname(process.execPath)),
    HOME,
    TMPDIR: TEMPORARY,
    LANG: "C.UTF-8",
    ...also,
    ...checkedEnvironment(command.env ?? {}),
  };
}

/** The Node that runs this comes first, so that a command meets no older one. */
export function searchPath(nodeDirectory: string): string {
  return [...new Set([nodeDirectory, ...SYSTEM_PATH])].join(":");
}

export function checkedEnvironment(env: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  for (const [name, value] of Object.entries(env))
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || value.includes("\0"))
      throw new TypeError(
        `The environment variable ${JSON.stringify(name)} can't be set. Mend its name or its value.`,
      );
  return env;
}

/** Node with npm beside it, where it is installed outside of the system's directories. */
export function nodePrograms(): readonly string[] {
  const real = realpathSync(process.execPath);
  const directory = dirname(process.execPath);
  const modules = join(dirname(directory), "lib", "node_modules");
  const npm = ["npm", "npx", "corepack"].map((name) => join(directory, name));
  return [
    ...new Set([real, process.execPath, ...npm, join(modules, "npm"), join(modules, "corepack")]),
  ].filter((file) => existsSync(file) && !isOfTheSystem(file));
}

export function isOfTheSystem(file: string): boolean {
  return /^\/(usr|bin|sbin|lib[^/]*|opt)\//.test(file);
}

function hidden(): string {
  return HIDDEN.filter((file) => existsSync(file))
    .map((file) => `--ro-bind /dev/null ${file}`)
    .join(" ");
}

function words(text: string): readonly string[] {
  return text.split(" ").filter(Boolean);
}

function deviceArguments({ devices, limits }: Jail): readonly string[] {
  const own = devices?.names.flatMap((name) => ["--dev-bind", join(devices.directory, name), `/dev/${name}`]);
  const shared = memory("/dev/shm", limits.memory_bytes / 16);
  return [...words("--dev /dev"), ...(own ?? []), ...shared, ...words("--remount-ro /dev")];
}

function systemArguments(): readonly string[] {
  const top = ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"].filter((path) => existsSync(path));
  const etc = [...ETC, ...readdirSync("/etc").filter((name) => /^(java-|python3)/.test(name))];
  return [...top.flatMap(sameAsOnHost), ...etc.flatMap((name) => readOnly(`/etc/${name}`))];
}

/** They are links into /usr on most systems. */
function sameAsOnHost(path: string): readonly string[] {
  return lstatSync(path).isSymbolicLink() ? ["--symlink", readlinkSync(path), path] : readOnly(path);
}

function memory(path: string, bytes: number): readonly string[] {
  return ["--perms", "1777", "--size", String(Math.ceil(bytes)), "--tmpfs", path];
}

function readOnly(path: string): readonly string[] {
  return ["--ro-bind-try", path, path];
}

function checkedPath(path: string): string {
  if (
    !isAbsolute(path) ||
    path.includes("\0") ||
    ["", "/proc", "/sys", "/dev", "/run"].includes(path.replace(/\/+$/, ""))
  )
    throw new TypeError(
      `The sandbox can't show ${JSON.stringify(path)}. Name an absolute path below another directory.`,
    );
  return path;
}
