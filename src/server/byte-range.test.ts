import { expect, test } from "vitest";

import { byteRange } from "./byte-range.ts";

test.each([
  ["bytes=0-", { start: 0, end: 10 }],
  ["bytes=4-", { start: 4, end: 10 }],
  ["bytes=4-6", { start: 4, end: 7 }],
  ["bytes=9-9", { start: 9, end: 10 }],
  ["bytes=4-400", { start: 4, end: 10 }],
  ["bytes=-3", { start: 7, end: 10 }],
  ["bytes=-30", { start: 0, end: 10 }],
  ["Bytes= 4-6 ", { start: 4, end: 7 }],
  ["bytes=4-99999999999999999999999", { start: 4, end: 10 }],
  ["bytes=10-", "unsatisfiable"],
  ["bytes=99999999999999999999999-", "unsatisfiable"],
  ["bytes=-0", "unsatisfiable"],
  ["bytes=-", null],
  ["bytes=6-4", null],
  ["bytes=0-1,3-4", null],
  ["bytes=a-b", null],
  ["bytes=--1", null],
  ["items=0-1", null],
  ["", null],
  [undefined, null],
])("%s of 10 bytes", (header, range) => {
  expect(byteRange(header, 10)).toEqual(range);
});

test("nothing has no range", () => {
  expect(byteRange("bytes=0-", 0)).toBe("unsatisfiable");
  expect(byteRange("bytes=-1", 0)).toBe("unsatisfiable");
});
