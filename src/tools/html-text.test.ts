import { expect, test } from "vitest";

import { htmlToText } from "./html-text.ts";

test("words, lines and links stay, markup and scripts go", () => {
  const page = `<!doctype html><title>A &amp; B</title><style>p{}</style><script>if (1 < 2) x("</p>")</SCRIPT>
    <p>One <b>two</b>&nbsp;&#8212; &#x20ac; &bogus; &#0;<!-- no <p>never --> 1 < 2<p>Three
    <a class=x href="/a?b=1&amp;c">four</a> <a href='#top'>up</a><br/><table><tr><td>5<td>6</table>`;
  expect(htmlToText(page)).toBe(
    ["A & B", "One two — € &bogus; � 1 < 2", "Three four [/a?b=1&c] up", "5 6"].join("\n"),
  );
});

test.each(["<script>", "<!--", "<a ", "<", "<svg>", "&#", "<p href="])(
  "a page of nothing but %s is gone over once",
  (piece) => {
    const start = performance.now();
    htmlToText(piece.repeat(300_000));
    expect(performance.now() - start).toBeLessThan(3000);
  },
);
