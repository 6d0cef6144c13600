import { expect, test } from "vitest";

import { pinnedModel } from "./pinned-model.ts";

test.each([
  ["openai/gpt-5", { provider: "openai", model: "gpt-5" }],
  ["gateway/vendor/model", { provider: "gateway", model: "vendor/model" }],
  ["gpt-5", { provider: null, model: "gpt-5" }],
])("%s", (text, pinned) => expect(pinnedModel(text)).toEqual(pinned));
