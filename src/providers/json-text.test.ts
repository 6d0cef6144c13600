import { expect, test } from "vitest";

import { jsonInText } from "./json-text.ts";

test.each([
  ['{"a":1}', '{"a":1}'],
  ["  [1]\n", "[1]"],
  ['```json\n{"a":1}\n```', '{"a":1}'],
  ['Sure!\n```\n{"a":1}\n```\nDone.', '{"a":1}'],
  ['<think>{"no":0}</think>\n{"a":1}', '{"a":1}'],
  ['Here it is: {"a":{"b":1}} as asked', '{"a":{"b":1}}'],
  ['{"code":"```js\\nx\\n```"}', '{"code":"```js\\nx\\n```"}'],
  ['```js\nx()\n```\n```json\n{"a":1}\n```', '{"a":1}'],
  ["I can't do that.", "I can't do that."],
  ["", ""],
])("%j holds %j", (text, expected) => {
  expect(jsonInText(text)).toBe(expected);
});
