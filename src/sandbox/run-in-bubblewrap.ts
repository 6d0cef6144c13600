import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";
import { release } from "node:os";
import { text } from "node:stream/consumers";

import {
  type SandboxCommand,
  type SandboxLimits,
  type SandboxResult,
  SandboxUnavailableError,
  USUAL_LIMITS,
} from "../ports/sandbox.ts";
import { type AllowedProxy, openAllowedProxy, proxyEnvironment } from "./allowed-proxy.ts";
import { type ControlGroup, createControlGroup } from "./control-group.ts";
import type { Devices } from "./devices.ts";
import { DESCRIPTORS, HOME, jailArguments, jailEnvironment, PROXY_SOCKET } from "./jail-arguments.ts";
import { JailInit } from "./jail-init.ts";
import { endOf, supervise } from "./supervise.ts";

export type BubblewrapHost = {
  readonly bash: string;
  readonly bwrap: string;
  readonly cat: string;
  /** Only commands with network need it. */
  readonly socat: string | null;
  readonly filter: Buffer;
  readonly devices: Devices | null;
  readonly programs: readonly string[];
  readonly allowedHosts: readonly string[];
  /** False: limits are watched, which is what happens anyway where no control group can be made. */
  readonly controlGroups: boolean;
  readonly install: string;
};

/** bubblewrap's own two, besides the command. */
const OWN_PROCESSES = 2;
const WATCH_INTERVAL_MS = 100;
const PROXY_PORT = 3128;
const PASSWD = `sandbox:x:1000:1000::${HOME}:/bin/bash\nnobody:x:65534:65534::/:/usr/sbin/nologin\n`;
const GROUP = "sandbox:x:1000:\nnogroup:x:65534:\n";
const HOSTS = "127.0.0.1 localhost sandbox\n::1 localhost\n";

const CLOSE_ALL = Object.values(DESCRIPTORS)
  .map((descriptor) => `${descriptor}<&-`)
  .join(" ");

/**
 * Outside. Node hands out sockets, and a socket can't be opened again as /dev/stdout can: so `cat` makes a pipe of it.
 * What the server has inherited open goes no further. Joins the control groups before there is anything to limit, and is first to go when memory runs out.
 */
const LAUNCH = `
cat=$1 bwrap=$2 stage=$3; shift 3
umask 022
for open in /proc/self/fd/*; do
  open=\${open##*/}
  if ((open > 9)); then exec {open}<&-; fi
done
exec 1> >(exec "$cat" ${CLOSE_ALL})
echo 1000 > /proc/self/oom_score_adj
for group; do echo $$ > "$group/cgroup.procs" || exit 125; done
exec "$bwrap" --args ${DESCRIPTORS.arguments} -- "$BASH" -c "$stage" sandbox`;

/** Inside. Nothing starts before the whole command has come, which is after the server has seen that it can end it. */
function stageOf({ limits, group }: Run, socat: string | null): string {
  const relay = `
(${socat} TCP-LISTEN:${PROXY_PORT},bind=127.0.0.1,fork,reuseaddr UNIX-CONNECT:${PROXY_SOCKET} < /dev/null &> /dev/null &)
for ((i = 0; i < 500; i++)); do (: > /dev/tcp/127.0.0.1/${PROXY_PORT}) 2> /dev/null && break; sleep 0.01; done`;
  return `
exec 2>&1
IFS= read -r -d '' -u ${DESCRIPTORS.command} script || exit 125
exec ${CLOSE_ALL}
ulimit -c 0
ulimit -f ${Math.max(1, Math.floor(limits.file_bytes / 1024))}${group === null && canCountProcesses() ? `\nulimit -u ${limits.processes + 1}` : ""}${socat === null ? "" : relay}
exec "$BASH" -c "$script"`;
}

/** Root is exempt, and before Linux 5.14 the processes of its user outside counted too. */
function canCountProcesses(): boolean {
  const [major = 0, minor = 0] = release().split(".").map(Number);
  return process.getuid?.() !== 0 && (major > 5 || (major === 5 && minor >= 14));
}

export async function runInBubblewrap(host: BubblewrapHost, command: SandboxCommand): Promise<SandboxResult> {
  const limits = { ...USUAL_LIMITS, ...command.limits };
  const group = host.controlGroups
    ? createControlGroup({ ...limits, processes: limits.processes + OWN_PROCESSES })
    : null;
  let proxy: AllowedProxy | null = null;
  try {
    if (command.network !== undefined && command.network.length > 0) {
      if (host.socat === null) throw new SandboxUnavailableError("socat is missing.", host.install);
      proxy = await openAllowedProxy({ wanted: command.network, allowed: host.allowedHosts });
    }
    return await runJailed({ host, command, limits, group, proxy });
  } finally {
    await proxy?.close();
    await group?.remove();
  }
}

type Run = {
  readonly host: BubblewrapHost;
  readonly command: SandboxCommand;
  readonly limits: SandboxLimits;
  readonly group: ControlGroup | null;
  readonly proxy: AllowedProxy | null;
};

async function runJailed(run: Run): Promise<SandboxResult> {
  const { host, command, limits, group } = run;
  const child = launch(run);
  const errors = text(streamOf(child, 2)).then((said) => said.trim());
  const init = new JailInit(child, streamOf(child, DESCRIPTORS.status), () => {
    streamOf(child, DESCRIPTORS.command).end(`${command.command}\0`);
  });
  const watch = group === null ? new Watch(init, limits) : null;
  const ended = await supervise({ child, limits, signal: command.signal, kill: () => init.kill() }).finally(
    () => watch?.close(),
  );
  await init.gone();
  const { stopped, duration_ms } = ended;
  const excess = watch?.excess ?? (group?.ranOutOfMemory() === true ? noteOf("memory", limits) : null);
  const output = excess === null ? ended.output : `${ended.output}\n[sandbox: ${excess}]\n`;
  if (stopped !== null) return { exit_code: null, ended_by: stopped, output, duration_ms };
  if (watch !== null && watch.excess !== null)
    return { exit_code: null, ended_by: "signal", output, duration_ms };
  if (init.exitCode === null)
    throw new SandboxUnavailableError(`bubblewrap did not start the command: ${await errors}.`, host.install);
  return { ...endOf(init.exitCode), output, duration_ms };
}

function launch(run: Run): ChildProcess {
  const { host, command, limits, group, proxy } = run;
  const options = jailArguments({
    command,
    limits,
    devices: host.devices,
    programs: host.programs,
    proxySocket: proxy?.socket ?? null,
    environment: jailEnvironment(command, proxy === null ? {} : proxyEnvironment(PROXY_PORT)),
  });
  const stage = stageOf(run, proxy === null ? null : host.socat);
  const child = spawn(
    host.bash,
    ["--norc", "-c", LAUNCH, "sandbox", host.cat, host.bwrap, stage, ...(group?.directories ?? [])],
    // What stands in bubblewrap's own environment can be read inside, in /proc/1/environ: so nothing does.
    { cwd: "/", env: {}, detached: true, stdio: ["ignore", ...Array<"pipe">(9).fill("pipe")] },
  );
  const given = {
    [DESCRIPTORS.arguments]: options.map((option) => `${option}\0`).join(""),
    [DESCRIPTORS.filter]: host.filter,
    [DESCRIPTORS.passwd]: PASSWD,
    [DESCRIPTORS.group]: GROUP,
    [DESCRIPTORS.hosts]: HOSTS,
  };
  for (const descriptor of Object.values(DESCRIPTORS)) {
    // Whoever does not read to the end has ended, and the end tells why.
    streamOf(child, descriptor).on("error", () => undefined);
    if (descriptor !== DESCRIPTORS.status) streamOf(child, descriptor).resume();
  }
  for (const [descriptor, content] of Object.entries(given)) streamOf(child, Number(descriptor)).end(content);
  return child;
}

/** Every one of them is a socket, which is both. */
function streamOf(child: ChildProcess, descriptor: number): Socket {
  return child.stdio[descriptor] as Socket;
}

/** For machines without control groups: late by as much as its interval, and blind to what no process has in memory. */
class Watch {
  excess: string | null = null;
  readonly #timer: NodeJS.Timeout;

  constructor(init: JailInit, limits: SandboxLimits) {
    this.#timer = setInterval(() => {
      const use = init.use();
      if (use.memory_bytes > limits.memory_bytes) this.excess ??= noteOf("memory", limits);
      if (use.tasks > limits.processes + 1) this.excess ??= noteOf("processes", limits);
      if (this.excess !== null) init.kill();
    }, WATCH_INTERVAL_MS);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

function noteOf(what: "memory" | "processes", limits: SandboxLimits): string {
  return what === "memory"
    ? `it needed more than its ${limits.memory_bytes} bytes of memory, and was ended in part or whole`
    : `it had more than its ${limits.processes} processes, and was ended`;
}
