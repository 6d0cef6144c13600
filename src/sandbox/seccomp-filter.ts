/** Numbers of the kernel's tables `asm/unistd_64.h` and `asm-generic/unistd.h`; absent where the machine lacks the call. */
type Numbers = { readonly x64?: number; readonly arm64?: number };

/** Same on every machine since the tables were joined. */
const both = (number: number): Numbers => ({ x64: number, arm64: number });

/** Calls that no build and no test needs, each of them a way to more rights or into the kernel. */
const REFUSED: Readonly<Record<string, Numbers>> = {
  mount: { x64: 165, arm64: 40 },
  umount2: { x64: 166, arm64: 39 },
  pivot_root: { x64: 155, arm64: 41 },
  chroot: { x64: 161, arm64: 51 },
  open_tree: both(428),
  move_mount: both(429),
  fsopen: both(430),
  fsconfig: both(431),
  fsmount: both(432),
  fspick: both(433),
  mount_setattr: both(442),
  open_tree_attr: both(467),
  setns: { x64: 308, arm64: 268 },
  keyctl: { x64: 250, arm64: 219 },
  add_key: { x64: 248, arm64: 217 },
  request_key: { x64: 249, arm64: 218 },
  bpf: { x64: 321, arm64: 280 },
  perf_event_open: { x64: 298, arm64: 241 },
  userfaultfd: { x64: 323, arm64: 282 },
  open_by_handle_at: { x64: 304, arm64: 265 },
  fanotify_init: { x64: 300, arm64: 262 },
  kexec_load: { x64: 246, arm64: 104 },
  kexec_file_load: { x64: 320, arm64: 294 },
  init_module: { x64: 175, arm64: 105 },
  finit_module: { x64: 313, arm64: 273 },
  delete_module: { x64: 176, arm64: 106 },
  reboot: { x64: 169, arm64: 142 },
  swapon: { x64: 167, arm64: 224 },
  swapoff: { x64: 168, arm64: 225 },
  acct: { x64: 163, arm64: 89 },
  quotactl: { x64: 179, arm64: 60 },
  quotactl_fd: both(443),
  syslog: { x64: 103, arm64: 116 },
  settimeofday: { x64: 164, arm64: 170 },
  clock_settime: { x64: 227, arm64: 112 },
  clock_adjtime: { x64: 305, arm64: 266 },
  adjtimex: { x64: 159, arm64: 171 },
  vhangup: { x64: 153, arm64: 58 },
  iopl: { x64: 172 },
  ioperm: { x64: 173 },
  uselib: { x64: 134 },
  // io_uring does what this filter refuses, out of its sight.
  io_uring_setup: both(425),
  io_uring_enter: both(426),
  io_uring_register: both(427),
};

/** Answered as if the kernel were older: their arguments lie in memory that a filter can't read, and libraries fall back. */
const UNKNOWN: Readonly<Record<string, Numbers>> = { clone3: both(435), openat2: both(437) };

const CLONE: Numbers = { x64: 56, arm64: 220 };
const UNSHARE: Numbers = { x64: 272, arm64: 97 };
const IOCTL: Numbers = { x64: 16, arm64: 29 };
const SOCKET: Numbers = { x64: 41, arm64: 198 };
const OPEN: Numbers = { x64: 2 };
const OPENAT: Numbers = { x64: 257, arm64: 56 };

/** Calls that set a mode, by the position of that argument. */
const MODES: readonly (readonly [Numbers, number])[] = [
  [{ x64: 90 }, 1], // chmod
  [{ x64: 91, arm64: 52 }, 1], // fchmod
  [{ x64: 268, arm64: 53 }, 2], // fchmodat
  [both(452), 2], // fchmodat2
  [{ x64: 85 }, 1], // creat
  [{ x64: 133 }, 1], // mknod
  [{ x64: 259, arm64: 33 }, 2], // mknodat
];

const NEW_NAMESPACES = 0x7e02_0080;
const SET_ID_BITS = 0o6000;
const O_CREAT = 0o100;
const O_TMPFILE = 0o20000000;
/** Put characters into somebody else's terminal. */
const TIOCSTI = 0x5412;
const TIOCLINUX = 0x541c;
/** UNIX, INET, INET6 and NETLINK belong to a network namespace. VSOCK, for one, talks to the host of a virtual machine. */
const FAMILIES = [1, 2, 10, 16];

const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;
const ALLOW = 0x7fff_0000;
const KILL_PROCESS = 0x8000_0000;
const refuse = (errno: number): number => 0x0005_0000 | errno;

type Instruction = { readonly code: number; readonly yes?: number; readonly no?: number; readonly k: number };

const load = (offset: number): Instruction => ({ code: 0x20, k: offset });
const answer = (k: number): Instruction => ({ code: 0x06, k });
const skipUnlessEqual = (k: number, skipped: number): Instruction => ({ code: 0x15, no: skipped, k });
const skipUnlessAnyBit = (k: number, skipped: number): Instruction => ({ code: 0x45, no: skipped, k });
const skipIfEqual = (k: number, skipped: number): Instruction => ({ code: 0x15, yes: skipped, k });
const NUMBER = load(0);
const MACHINE = load(4);
/** The lower half: none of what is tested lies in the upper one, which the kernel cuts off too. */
const argument = (position: number): Instruction => load(16 + 8 * position);

/** A block that runs when the loaded number is `number` and leaves the number loaded when it falls through. */
function when(number: number | undefined, block: readonly Instruction[]): readonly Instruction[] {
  if (number === undefined) return [];
  return [skipUnlessEqual(number, block.length + 1), ...block, NUMBER];
}

const refuseBits = (position: number, bits: number): readonly Instruction[] => [
  argument(position),
  skipUnlessAnyBit(bits, 1),
  answer(refuse(EPERM)),
];

const refuseNewSetId = (flags: number, mode: number): readonly Instruction[] => [
  argument(flags),
  skipUnlessAnyBit(O_CREAT | O_TMPFILE, 3),
  argument(mode),
  skipUnlessAnyBit(SET_ID_BITS, 1),
  answer(refuse(EPERM)),
];

function program(machine: "x64" | "arm64"): readonly Instruction[] {
  const of = (numbers: Numbers): number | undefined => numbers[machine];
  return [
    MACHINE,
    skipIfEqual(machine === "x64" ? 0xc000_003e : 0xc000_00b7, 1),
    answer(KILL_PROCESS), // 32-bit calls have other numbers
    NUMBER,
    { code: 0x35, yes: 0, no: 1, k: 0x4000_0000 }, // so have those of x32
    answer(refuse(ENOSYS)),
    ...Object.values(REFUSED).flatMap((numbers) => when(of(numbers), [answer(refuse(EPERM))])),
    ...Object.values(UNKNOWN).flatMap((numbers) => when(of(numbers), [answer(refuse(ENOSYS))])),
    ...when(of(CLONE), refuseBits(0, NEW_NAMESPACES & ~0x80)),
    ...when(of(UNSHARE), refuseBits(0, NEW_NAMESPACES)),
    ...when(of(IOCTL), [
      argument(1),
      skipIfEqual(TIOCSTI, 1),
      skipUnlessEqual(TIOCLINUX, 1),
      answer(refuse(EPERM)),
    ]),
    ...when(of(SOCKET), [
      argument(0),
      ...FAMILIES.map((family, index) => skipIfEqual(family, FAMILIES.length - index)),
      answer(refuse(EAFNOSUPPORT)),
    ]),
    ...MODES.flatMap(([numbers, position]) => when(of(numbers), refuseBits(position, SET_ID_BITS))),
    ...when(of(OPEN), refuseNewSetId(1, 2)),
    ...when(of(OPENAT), refuseNewSetId(2, 3)),
    answer(ALLOW),
  ];
}

/**
 * A classic BPF program for bubblewrap's `--seccomp`, as `struct sock_filter`s. Null on a machine whose call numbers
 * are not known here. Source: seccomp(2), linux/filter.h, linux/audit.h.
 */
export function seccompFilter(machine: string): Buffer | null {
  if (machine !== "x64" && machine !== "arm64") return null;
  const instructions = program(machine);
  const bytes = Buffer.alloc(8 * instructions.length);
  for (const [index, { code, yes = 0, no = 0, k }] of instructions.entries()) {
    bytes.writeUInt16LE(code, 8 * index);
    bytes.writeUInt8(yes, 8 * index + 2);
    bytes.writeUInt8(no, 8 * index + 3);
    bytes.writeUInt32LE(k >>> 0, 8 * index + 4);
  }
  return bytes;
}
