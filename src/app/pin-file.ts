import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

import { z } from "zod";

const Pins = z.record(z.string(), z.string());

/** What was approved of each MCP server, in one file that survives restarts. */
export function createPinFile(file: string) {
  let turn: Promise<unknown> = Promise.resolve();
  const read = async (): Promise<Record<string, string>> => {
    try {
      return Pins.parse(JSON.parse(await readFile(file, "utf8")));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
      throw error;
    }
  };
  const write = async (server: string, approved: string): Promise<void> => {
    const pins = { ...(await read()), [server]: approved };
    await mkdir(dirname(file), { recursive: true });
    await writeFile(`${file}.new`, JSON.stringify(pins, null, 2), { mode: 0o600 });
    await rename(`${file}.new`, file);
  };
  return {
    get: async (server: string): Promise<string | null> => (await read())[server] ?? null,
    set: (server: string, approved: string): Promise<void> => {
      const own = turn.then(() => write(server, approved));
      turn = own.catch(() => undefined); // whoever waits hears of it
      return own;
    },
  };
}
