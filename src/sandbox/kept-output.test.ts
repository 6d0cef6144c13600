import { expect, test } from "vitest";

import { KeptOutput } from "./kept-output.ts";

function kept(bytes: number, ...chunks: readonly (string | Buffer)[]): string {
  const output = new KeptOutput(bytes);
  for (const chunk of chunks) output.push(Buffer.from(chunk));
  return output.text();
}

test("short output stays whole, however it comes", () => {
  expect(kept(100, "one ", "two", "\n\tthree")).toBe("one two\n\tthree");
  expect(kept(10, "0123456789")).toBe("0123456789");
  expect(kept(10)).toBe("");
});

test("long output keeps its beginning and its end, and says how much is missing", () => {
  expect(kept(10, "begin", "x".repeat(1000), "end..")).toBe("begin\n[… 1000 bytes left out …]\nend..");
  expect(kept(10, "begin1", ...Array<string>(500).fill("ab"), "finis")).toBe(
    "begin\n[… 1001 bytes left out …]\nfinis",
  );
});

test("characters are never cut", () => {
  const text = "€".repeat(1000);
  for (let bytes = 2; bytes < 40; bytes += 1) {
    const [head = "", mark = "", tail = ""] = kept(bytes, text).split("\n");
    expect(head + tail).toMatch(/^€*$/);
    expect(Number(/\d+/.exec(mark)?.[0])).toBe(3000 - 3 * (head.length + tail.length));
  }
  expect(kept(100, Buffer.from("€").subarray(0, 1), Buffer.from("€").subarray(1))).toBe("€");
  expect(kept(9, "🙂🙂🙂🙂🙂🙂")).toBe("🙂\n[… 16 bytes left out …]\n🙂");
});

test("control codes and escape sequences go, lines and tabs stay", () => {
  expect(kept(200, "\u001B[31mred\u001B[0m\r\n\u0000\u0007tab\t\u009Bend\u007F\u0008")).toBe("red\ntab\tend");
  expect(kept(200, "\u001B]8;;http://evil\u0007link\u001B]8;;\u0007")).toBe("link");
});

test("memory stays small", () => {
  const output = new KeptOutput(1000);
  const chunk = Buffer.alloc(65_536, "y");
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 2000; i += 1) output.push(chunk);
  globalThis.gc?.();
  expect(output.text().length).toBeLessThan(1100);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100 * 1024 ** 2);
});
