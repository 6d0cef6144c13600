import fc from "fast-check";
import { expect, test } from "vitest";

import { packChanges, unpackChanges } from "./feed.ts";

const aChange = fc.record({
  tenant_id: fc.string({ unit: "binary", maxLength: 60 }),
  workflow_id: fc.string({ unit: "binary", maxLength: 60 }),
  version: fc.nat(),
});

test("changes come out of their payloads as they went in, and no payload is too long", () => {
  fc.assert(
    fc.property(fc.array(aChange, { maxLength: 400 }), (changes) => {
      const payloads = packChanges(changes);
      expect(payloads.flatMap(unpackChanges)).toEqual(changes);
      for (const payload of payloads) expect(Buffer.byteLength(payload)).toBeLessThan(8_000);
    }),
    { verbose: fc.VerbosityLevel.Verbose },
  );
});

test("a change that fits no payload is left out", () => {
  const change = { tenant_id: "t", workflow_id: "w", version: 1 };
  const payloads = packChanges([change, { ...change, workflow_id: "w".repeat(8_000) }, change]);
  expect(payloads.flatMap(unpackChanges)).toEqual([change, change]);
});
