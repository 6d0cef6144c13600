import { expect, test } from "vitest";

import { cutBetweenLines, harmlessText } from "./harmless-text.ts";

const shown = (text: string): string => harmlessText(text).replaceAll("\u200B", "·");

test.each([
  ["@ada and @acme/web, but not 3 @ 4", "@·ada and @·acme/web, but not 3 @ 4"],
  ["Fixes #1", "Fixes· #·1"],
  ["resolved: acme/site#12", "resolved·: acme/site#·12"],
  ["close\nGH-7", "close·\nGH-·7"],
  ["Closes https://github.com/acme/site/issues/3", "Closes· https://github.com/acme/site/issues/3"],
  ["fixes **#1**", "fixes· **#·1**"],
  ["it closes the door", "it closes the door"],
  ["Implements issues https://gitlab.com/a/-/issues/3", "Implements· issues https://gitlab.com/a/-/issues/3"],
  ["fixing #1", "fixing· #·1"],
  ["[skip ci] and [CI skip], [a link](x)", "[·skip ci] and [·CI skip], [a link](x)"],
  ["&#64;ada &commat;ada &#x23;1", "&·#·64;ada &·commat;ada &·#x23;1"],
  ["![p](https://evil.example/p.png)", "!·[p](https://evil.example/p.png)"],
  ["<!-- orca:begin --> <b> </b> 1 < 2", "<·!-- orca:begin --> <·b> <·/b> 1 < 2"],
  ["a\u202Eb\u0007c\td\r\n", "abc\td\r\n"],
])("%j is shown as it is, and does nothing", (text, harmless) => {
  expect(shown(text)).toBe(harmless);
});

test("a text is cut between its lines and says so", () => {
  const text = "one line\n".repeat(20);
  expect(cutBetweenLines(text, text.length)).toBe(text);
  const cut = cutBetweenLines(text, 100);
  expect(cut.length).toBeLessThanOrEqual(100);
  expect(cut).toMatch(/^(one line\n)+one line\n\n\(cut here/);
  expect(cutBetweenLines("é".repeat(200), 100)).toHaveLength(100);
});
