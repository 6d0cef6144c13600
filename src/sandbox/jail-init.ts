import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

import { birthOf, kill, type TreeUse, useOf, waitUntilGone } from "./process-tree.ts";

/** The first process inside, with which everything inside ends, as bubblewrap tells about it (`--json-status-fd`). */
export class JailInit {
  /** Null until the command has ended, and when it never began. */
  exitCode: number | null = null;
  readonly #outer: ChildProcess;
  #pid: number | null = null;
  #birth: string | null = null;

  /** `onStart` is called when it is there and can be ended. */
  constructor(outer: ChildProcess, status: Readable, onStart: () => void) {
    this.#outer = outer;
    createInterface({ input: status }).on("line", (line) => {
      const told = JSON.parse(line) as { "child-pid"?: number; "exit-code"?: number };
      this.exitCode = told["exit-code"] ?? this.exitCode;
      if (told["child-pid"] === undefined) return;
      this.#pid = told["child-pid"];
      this.#birth = birthOf(this.#pid);
      onStart();
    });
  }

  use(): TreeUse {
    return this.#pid === null || !this.#isThere() ? { tasks: 0, memory_bytes: 0 } : useOf(this.#pid);
  }

  /** bubblewrap takes its init with it, but only once it has asked the kernel for that. */
  kill(): void {
    this.#outer.kill("SIGKILL");
    if (this.#pid !== null && this.#isThere()) kill(this.#pid);
  }

  async gone(): Promise<void> {
    if (this.#pid !== null) await waitUntilGone(this.#pid, this.#birth);
  }

  #isThere(): boolean {
    return this.#pid !== null && this.#birth !== null && birthOf(this.#pid) === this.#birth;
  }
}
