import { createSandbox } from "../../../src/sandbox/create-sandbox.ts";
import { createLogger } from "../../../src/telemetry/pino-logger.ts";
import type { EscapeCase } from "../escape-corpus.ts";
import { escapedIf, python, systemCall, telling } from "./tries.ts";
import type { World } from "./world.ts";

export function networkCases(world: World): readonly EscapeCase[] {
  const { ports, unixSocket, abstractSocket } = world;
  const tcp = (host: string, port: number): string => `exec 3<> /dev/tcp/${host}/${port} && cat <&3`;
  const unix = (path: string): string =>
    python(
      `import socket\ns = socket.socket(socket.AF_UNIX)\ns.connect(${path})\nprint(s.makefile().read())`,
    );
  const opens = (arguments_: string): string =>
    python(`import socket\nsocket.socket(${arguments_})\nprint("through")`);
  const onlyRoot = process.getuid?.() === 0 ? {} : { controlMayHold: "only root may open it" };
  return [
    telling(world, { name: "reaches the host's loopback by IPv4", command: tcp("127.0.0.1", ports.tcp4) }),
    telling(world, { name: "reaches the host's loopback by name", command: tcp("localhost", ports.tcp4) }),
    telling(world, { name: "reaches the host's loopback as 0.0.0.0", command: tcp("0.0.0.0", ports.tcp4) }),
    telling(world, {
      name: "reaches the host's loopback by IPv6",
      command: python(
        `import socket\ns = socket.create_connection(("::1", ${ports.tcp6}))\nprint(s.makefile().read())`,
      ),
    }),
    {
      name: "sends a datagram, as to a name server",
      controlMayHold: null,
      attempt: async (guarded) => {
        const before = world.datagrams();
        const command = `echo query > /dev/udp/127.0.0.1/${ports.udp}`;
        await (guarded ? world.guarded(command) : world.plain(command));
        await new Promise((resolve) => setTimeout(resolve, 50));
        return escapedIf(world.datagrams() > before, "the datagram has come");
      },
    },
    telling(world, {
      name: "opens a raw socket",
      command: opens("socket.AF_INET, socket.SOCK_RAW, 1"),
      says: "through",
      ...onlyRoot,
    }),
    telling(world, {
      name: "opens a packet socket",
      command: opens("17, socket.SOCK_RAW, 0x300"),
      says: "through",
      ...onlyRoot,
    }),
    telling(world, {
      name: "opens a socket to the host of the virtual machine",
      command: opens("40, socket.SOCK_STREAM"),
      says: "through",
      controlMayHold: "the kernel may not know the family",
    }),
    telling(world, {
      name: "opens a socket into the kernel's ciphers",
      command: opens("38, socket.SOCK_SEQPACKET"),
      says: "through",
      controlMayHold: "the kernel may not know the family",
    }),
    telling(world, { name: "reaches an abstract socket", command: unix(`"\\0${abstractSocket}"`) }),
    telling(world, { name: "reaches a socket such as Docker's", command: unix(`"${unixSocket}"`) }),
    telling(world, {
      name: "reaches the agent of ssh",
      command: unix('__import__("os").environ["SSH_AUTH_SOCK"]'),
    }),
    telling(world, {
      name: "makes network devices of its own",
      command: systemCall("result = syscall(272, 97, 0x40000000)"),
      says: "through",
      ...onlyRoot,
    }),
    ...listCases(world),
  ];
}

/** What the proxy is asked for, past the list. */
function listCases(world: World): readonly EscapeCase[] {
  const port = world.ports.tcp4;
  const ask = (lines: string): string => `exec 3<> /dev/tcp/127.0.0.1/3128
printf '${lines}\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3; timeout 2 cat <&3`;
  const connect = (host: string): string => ask(`CONNECT ${host} HTTP/1.1`);
  const other = ["allowed.test", "localhost:1"];
  const past = (name: string, command: string, lists: Partial<Lists> = {}): EscapeCase => ({
    name: `list of hosts: ${name}`,
    controlMayHold: lists.controlMayHold ?? null,
    attempt: async (guarded) => {
      const wide = [`127.0.0.1:${port}`, `localhost:${port}`];
      const { wanted, allowed } = guarded
        ? { wanted: lists.wanted ?? other, allowed: lists.allowed ?? other }
        : { wanted: wide, allowed: wide };
      const output = await withNetwork(world, { command, wanted, allowed });
      return escapedIf(output.includes(world.canary), output.slice(0, 300));
    },
  });
  const held = "even without the list, no parser takes it";
  return [
    past("a name that is not on it", connect(`localhost:${port}`), {
      wanted: ["allowed.test"],
      allowed: ["allowed.test"],
    }),
    past("another port", connect(`localhost:${port}`)),
    past("only the command's list has it", connect(`localhost:${port}`), { wanted: [`localhost:${port}`] }),
    past("only the server's list has it", connect(`localhost:${port}`), { allowed: [`localhost:${port}`] }),
    past("an address", connect(`127.0.0.1:${port}`)),
    past("an address as one number", connect(`2130706433:${port}`)),
    past("an address in octal", connect(`0177.0.0.1:${port}`)),
    past("an IPv6 address with an IPv4 one in it", connect(`[::ffff:127.0.0.1]:${port}`), {
      controlMayHold: held,
    }),
    past("a NUL before the suffix", connect(`localhost\\0.allowed.test:${port}`), { controlMayHold: held }),
    past("the allowed name as a suffix", connect(`localhost.allowed.test:${port}`), {
      controlMayHold: held,
    }),
    past("the allowed name as a user", connect(`allowed.test@localhost:${port}`), { controlMayHold: held }),
    past("plain HTTP", ask(`GET http://localhost:${port}/ HTTP/1.1`)),
    past(
      "plain HTTP with another host in its header",
      ask(`GET http://localhost:${port}/ HTTP/1.1\\r\\nHost: allowed.test`),
      {
        controlMayHold: held,
      },
    ),
  ];
}

type Lists = {
  readonly wanted: readonly string[];
  readonly allowed: readonly string[];
  readonly controlMayHold: string;
};

async function withNetwork(
  world: World,
  { command, wanted, allowed }: { command: string } & Pick<Lists, "wanted" | "allowed">,
): Promise<string> {
  const logger = createLogger({ level: "silent", format: "json" });
  const sandbox = createSandbox({ mode: "auto", logger, allowedHosts: allowed });
  try {
    const directory = world.workspace;
    const { output } = await sandbox.run({
      command,
      directory,
      network: wanted,
      signal: new AbortController().signal,
    });
    return output;
  } finally {
    await sandbox.close();
  }
}
