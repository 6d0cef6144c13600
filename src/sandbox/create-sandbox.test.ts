import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeEach, describe, expect, test } from "vitest";

import { type SandboxCommand, type SandboxResult, SandboxUnavailableError } from "../ports/sandbox.ts";
import { createLogger } from "../telemetry/pino-logger.ts";
import { createSandbox, type SandboxSettings } from "./create-sandbox.ts";

const lines: string[] = [];
const logger = createLogger({ level: "info", format: "json" }, { write: (line) => lines.push(line) });
const settings: SandboxSettings = { mode: "auto", logger };
const sandbox = createSandbox(settings);
const unsafe = createSandbox({ mode: "unsafe", logger });
const health = await sandbox.health();
if (!health.available) console.warn(`Only failing closed is tested: ${health.reason} ${health.install}`);

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "ts-orca-sandbox-test-"));
  return () => {
    rmSync(directory, { recursive: true, force: true });
  };
});
afterAll(async () => {
  await sandbox.close();
  await unsafe.close();
});

async function run(command: string, also: Partial<SandboxCommand> = {}): Promise<SandboxResult> {
  return await sandbox.run({ command, directory, signal: new AbortController().signal, ...also });
}

test("without bubblewrap nothing runs, and the line that mends it is named", async () => {
  const place = mkdtempSync(join(tmpdir(), "ts-orca-sandbox-test-"));
  const bare = createSandbox({ ...settings, hostPath: place });
  expect(await bare.health()).toEqual({
    available: false,
    reason: expect.stringContaining("bubblewrap"),
    install: expect.stringContaining("apt-get install bubblewrap socat ripgrep"),
  });
  const command = { command: "echo x > ran", directory: place, signal: new AbortController().signal };
  await expect(bare.run(command)).rejects.toThrow(SandboxUnavailableError);
  expect(readdirSync(place)).toEqual([]);
  await bare.close();
  rmSync(place, { recursive: true });
});

describe.skipIf(!health.available || process.platform !== "linux")("in bubblewrap", () => {
  test("a bubblewrap that confines nothing is found out, and asked again when it is mended", async () => {
    const place = mkdtempSync(join(tmpdir(), "ts-orca-sandbox-test-"));
    for (const name of ["bash", "cat", "socat", "mknod"])
      execFileSync("ln", ["-s", `/usr/bin/${name}`, join(place, name)]);
    const bwrap = join(place, "bwrap");
    writeFileSync(
      bwrap,
      `#!/bin/bash\necho '{"child-pid": '$$'}' >&8\nshift 3\n"$@"\necho '{"exit-code": 0}' >&8\n`,
      { mode: 0o755 },
    );
    const mended = createSandbox({ ...settings, hostPath: place });
    expect(await mended.health()).toMatchObject({ available: false });
    await expect(
      mended.run({ command: "echo x > ran", directory, signal: new AbortController().signal }),
    ).rejects.toThrow(SandboxUnavailableError);
    expect(existsSync(join(directory, "ran"))).toBe(false);
    rmSync(bwrap);
    execFileSync("ln", ["-s", "/usr/bin/bwrap", bwrap]);
    expect(await mended.health()).toMatchObject({ available: true, kind: "bubblewrap" });
    await mended.close();
    rmSync(place, { recursive: true });
  });

  test("health is found out once", async () => {
    expect(await sandbox.health()).toBe(await sandbox.health());
  });

  test("what is written stays, both streams come in order, the exit code is told", async () => {
    const result = await run("echo one; echo two >&2; echo three > /dev/stdout; echo four > f; exit 7");
    expect(result).toMatchObject({ exit_code: 7, ended_by: "exit", output: "one\ntwo\nthree\n" });
    expect(readFileSync(join(directory, "f"), "utf8")).toBe("four\n");
  });

  test("an end by a signal is told apart", async () => {
    expect(await run("kill -SEGV $$")).toMatchObject({ exit_code: null, ended_by: "signal" });
    expect(await run("exit 255")).toMatchObject({ exit_code: 255, ended_by: "exit" });
  });

  test("the environment is what is named, with HOME and TMPDIR that vanish", async () => {
    const { output } = await run(
      "compgen -e | sort | tr '\\n' ' '; echo x > ~/x; echo x > $TMPDIR/x; echo $A $LANG",
      {
        env: { A: "b c" },
      },
    );
    expect(output).toBe("A HOME LANG PATH PWD SHLVL TMPDIR b c C.UTF-8\n");
    expect((await run("ls ~/x $TMPDIR/x > /dev/null 2>&1 || echo gone")).output).toBe("gone\n");
  });

  test("programs are there: this Node before any other, npm, git", async () => {
    const { output } = await run(
      "node --version; git --version | cut -d' ' -f1; echo '#!/bin/bash' > s; tee /dev/stderr < s",
    );
    expect(output).toBe(`${process.version}\ngit\n#!/bin/bash\n#!/bin/bash\n`);
  });

  test("what is named as readable can be read and not written", async () => {
    const other = mkdtempSync(join(tmpdir(), "ts-orca-sandbox-test-"));
    writeFileSync(join(other, "f"), "secret\n");
    expect((await run(`cat ${other}/f`)).output).not.toContain("secret");
    const { output } = await run(`cat ${other}/f; echo x > ${other}/g`, {
      readable: [other, "/no/such/place"],
    });
    expect(output).toContain("secret");
    expect(readdirSync(other)).toEqual(["f"]);
    rmSync(other, { recursive: true });
  });

  test.each(["/", "/proc", "relative", "/run/"])("%s can't be shown", async (path) => {
    await expect(run("true", { readable: [path] })).rejects.toThrow(TypeError);
  });

  test("wrong commands are refused with a word on how to mend them", async () => {
    await expect(run("echo \0")).rejects.toThrow(/NUL/);
    await expect(run("true", { directory: join(directory, "missing") })).rejects.toThrow(/Make it before/);
    await expect(run("true", { env: { "A=B": "" } })).rejects.toThrow(/Mend its name/);
  });

  test("a long command goes through, quotes and lines and all", async () => {
    const text = `a'b"c$d\`e\\n`.repeat(2000);
    const { output } = await run(`cat <<'END' | wc -c\n${text}\nEND`);
    expect(output).toBe(`${text.length + 1}\n`);
  });

  test("time runs out for the whole tree", async () => {
    const result = await run("echo begun; trap '' TERM; sleep 60 & setsid sleep 60 & wait", {
      limits: { time_ms: 300 },
    });
    expect(result).toMatchObject({ exit_code: null, ended_by: "timeout", output: "begun\n" });
    expect(result.duration_ms).toBeLessThan(5000);
  });

  test("an abort ends it, and before the start nothing runs", async () => {
    const controller = new AbortController();
    const running = run("echo x > ran; sleep 60", { signal: controller.signal });
    await expect.poll(() => existsSync(join(directory, "ran")), { timeout: 5000 }).toBe(true);
    controller.abort();
    expect(await running).toMatchObject({ exit_code: null, ended_by: "abort" });
    rmSync(join(directory, "ran"));
    expect(await run("echo x > ran", { signal: controller.signal })).toMatchObject({ ended_by: "abort" });
    expect(existsSync(join(directory, "ran"))).toBe(false);
  });

  test("output is kept at both ends", async () => {
    const { output } = await run("seq 1 1000000", { limits: { output_bytes: 100 } });
    expect(output).toMatch(/^1\n2\n3\n[\s\S]*bytes left out[\s\S]*\n999999\n1000000\n$/);
    expect(output.length).toBeLessThan(150);
  });

  test("more memory than is allowed is told", async () => {
    const { output } = await run(`node -e 'const a=[];for(;;)a.push(Buffer.alloc(1e7,1))'; echo after`, {
      limits: { memory_bytes: 200 * 1024 ** 2 },
    });
    expect(output).toContain("of memory");
  });

  test("eight at once do not see each other", async () => {
    const places = Array.from({ length: 8 }, () => mkdtempSync(join(tmpdir(), "ts-orca-sandbox-test-")));
    const results = await Promise.all(
      places.map(async (place, index) =>
        run(`echo ${index} > own; echo x > ${places[(index + 1) % 8]}/evil; sleep 0.2; cat own; ls`, {
          directory: place,
        }),
      ),
    );
    expect(results.map(({ output }) => output.split("\n").slice(-3).join(" "))).toEqual(
      places.map((_, i) => `${i} own `),
    );
    for (const place of places) {
      expect(readdirSync(place)).toEqual(["own"]);
      rmSync(place, { recursive: true });
    }
  });

  test("closing ends what runs", async () => {
    const closing = createSandbox(settings);
    await closing.health();
    const running = closing.run({
      command: "echo x > ran; sleep 60",
      directory,
      signal: new AbortController().signal,
    });
    await expect.poll(() => existsSync(join(directory, "ran")), { timeout: 5000 }).toBe(true);
    await closing.close();
    expect(await running).toMatchObject({ ended_by: "abort" });
  });
});

describe("unsafe", () => {
  test("says so once, and runs with the same ends", async () => {
    const plain = (command: string, also: Partial<SandboxCommand> = {}): Promise<SandboxResult> =>
      unsafe.run({ command, directory, signal: new AbortController().signal, ...also });
    expect(await unsafe.health()).toMatchObject({
      available: true,
      kind: "unsafe",
      message: expect.stringContaining("unsafe"),
    });
    expect(await plain("pwd; echo err >&2; compgen -e | grep -c SECRET; exit 3")).toMatchObject({
      exit_code: 3,
      ended_by: "exit",
      output: `${directory}\nerr\n0\n`,
    });
    expect(await plain("sleep 60 & setsid sleep 60 & wait", { limits: { time_ms: 200 } })).toMatchObject({
      ended_by: "timeout",
    });
    expect(await plain("setsid sleep 60 & echo left")).toMatchObject({ ended_by: "exit", output: "left\n" });
    expect(lines.filter((line) => line.includes("sandbox: unsafe"))).toHaveLength(1);
  });
});
