import fc from "fast-check";
import { expect, test } from "vitest";

import { cleanBytes, cleanLine, cleanText, hasUnseen } from "./clean-text.ts";

const text = fc.string({ unit: "binary", maxLength: 2_000 });

test("cleaned text has nothing unseen, is well-formed, and stays as it is when cleaned again", () => {
  fc.assert(
    fc.property(text, (given) => {
      const clean = cleanText(given);
      expect(hasUnseen(clean)).toBe(false);
      expect(clean.isWellFormed()).toBe(true);
      expect(cleanText(clean)).toBe(clean);
    }),
  );
});

test("what people write is left alone", () => {
  const written = "a\tb\nc é 漢字 👩‍👩‍👧 \u0928\u092e\u0938\u094d\u0924\u0947 \u0639\u0631\u0628";
  expect(cleanText(written)).toBe(written);
});

test("cut texts keep to their length and to whole characters", () => {
  fc.assert(
    fc.property(text, fc.integer({ min: 256, max: 600 }), (given, longest) => {
      const bytes = cleanBytes(given, longest);
      expect(Buffer.byteLength(bytes)).toBeLessThanOrEqual(longest);
      expect(bytes.isWellFormed()).toBe(true);
      expect(Array.from(cleanLine(given, 10)).length).toBeLessThanOrEqual(10);
    }),
  );
  expect(cleanBytes("👍".repeat(300), 256)).toMatch(/^(👍)+\n\[cut: the whole result has 1200 bytes\]$/u);
});
