import { expect, test } from "vitest";

import { seccompFilter } from "./seccomp-filter.ts";

const ALLOW = 0x7fff_0000;
const EPERM = 0x0005_0001;
const ENOSYS = 0x0005_0026;
const MACHINES = { x64: 0xc000_003e, arm64: 0xc000_00b7 } as const;

/** What the kernel would make of the program: the part of classic BPF that it uses. */
function verdict(
  machine: "x64" | "arm64",
  call: number,
  args: readonly number[] = [],
  arch: number = MACHINES[machine],
): number {
  const code = seccompFilter(machine) ?? Buffer.alloc(0);
  const data = Buffer.alloc(64);
  data.writeUInt32LE(call >>> 0, 0);
  data.writeUInt32LE(arch, 4);
  for (const [index, value] of args.entries()) data.writeUInt32LE(value >>> 0, 16 + 8 * index);
  let loaded = 0;
  for (let at = 0; ; at += 8) {
    const k = code.readUInt32LE(at + 4);
    const skip = (condition: boolean): number => 8 * code.readUInt8(at + (condition ? 2 : 3));
    const operation = code.readUInt16LE(at);
    if (operation === 0x20) loaded = data.readUInt32LE(k);
    else if (operation === 0x06) return k;
    else if (operation === 0x15) at += skip(loaded === k);
    else if (operation === 0x35) at += skip(loaded >= k);
    else if (operation === 0x45) at += skip((loaded & k) !== 0);
    else throw new Error(`unknown operation ${operation}`);
  }
}

test.each([
  ["mount", 165, 40],
  ["keyctl", 250, 219],
  ["bpf", 321, 280],
  ["setns", 308, 268],
  ["io_uring_setup", 425, 425],
])("%s is refused on both machines", (_, x64, arm64) => {
  expect(verdict("x64", x64)).toBe(EPERM);
  expect(verdict("arm64", arm64)).toBe(EPERM);
});

test.each([
  ["read", 0, 63],
  ["execve", 59, 221],
  ["getpid", 39, 172],
  ["futex", 202, 98],
])("%s is allowed on both machines", (_, x64, arm64) => {
  expect(verdict("x64", x64)).toBe(ALLOW);
  expect(verdict("arm64", arm64)).toBe(ALLOW);
});

test("threads and processes are made, namespaces are not", () => {
  expect(verdict("x64", 56, [0x3d_0f00])).toBe(ALLOW);
  expect(verdict("x64", 56, [0x1000_0011])).toBe(EPERM);
  expect(verdict("x64", 272, [0x400])).toBe(ALLOW);
  expect(verdict("x64", 272, [0x80])).toBe(EPERM);
  expect(verdict("x64", 435)).toBe(ENOSYS);
});

test("modes are set, set-id bits are not", () => {
  expect(verdict("x64", 90, [0, 0o755])).toBe(ALLOW);
  expect(verdict("x64", 90, [0, 0o4755])).toBe(EPERM);
  expect(verdict("arm64", 53, [0, 0, 0o2755])).toBe(EPERM);
  expect(verdict("x64", 2, [0, 0o101, 0o6755])).toBe(EPERM);
  // Without O_CREAT the third argument is whatever lies there.
  expect(verdict("x64", 257, [0, 0, 0, 0o6755])).toBe(ALLOW);
});

test("sockets of a network namespace are opened, others are not", () => {
  for (const family of [1, 2, 10, 16]) expect(verdict("x64", 41, [family])).toBe(ALLOW);
  for (const family of [0, 17, 38, 40]) expect(verdict("arm64", 198, [family])).toBe(0x0005_0061);
});

test("only characters put into a terminal are refused of ioctl", () => {
  expect(verdict("x64", 16, [0, 0x5401])).toBe(ALLOW);
  expect(verdict("x64", 16, [0, 0x5412])).toBe(EPERM);
  expect(verdict("x64", 16, [0, 0x541c])).toBe(EPERM);
});

test("calls by the numbers of another machine end the process", () => {
  expect(verdict("x64", 0, [], 0x4000_0003)).toBe(0x8000_0000);
  expect(verdict("x64", 0x4000_0027)).toBe(ENOSYS);
  expect(seccompFilter("riscv64")).toBeNull();
});
