import { describe, expect, test } from "vitest";

import { documentOf } from "../state.ts";
import { finalization } from "../testing/role-outputs.testsuite.ts";
import { built, done, givenCreatedAs, judged } from "../testing/specification.testsuite.ts";
import { creation } from "../testing/workflow-driver.testsuite.ts";
import { withoutUnknownLinks } from "./supported-links.ts";

const GIVEN = "https://docs.acme.dev/guide?v=2#top";
const settings = { ...creation().settings, request: `Follow ${GIVEN}, and be brief.` };

const links = (text: string) => withoutUnknownLinks(givenCreatedAs({ settings }, built).driver.state, text);

test.each([
  ["the request's", `Made after ${GIVEN}.`],
  ["this machine's", "Open http://localhost:3000/ or http://127.0.0.1:8080/x."],
  ["an example's", "Call https://api.example.com/v1, https://example.org or http://shop.test:81."],
  ["no", "Nothing to see: http is a protocol."],
])("%s address stays", (_whose, text) => {
  expect(links(text)).toEqual({ text, links: [] });
});

test.each([
  ["See https://github.com/acme/site/pull/7.", "See (link left out).", "https://github.com/acme/site/pull/7"],
  ["[PR](https://evil.dev/x?y=1)!", "[PR]((link left out))!", "https://evil.dev/x?y=1"],
  ["Go to HTTPS://EVIL.dev, now", "Go to (link left out), now", "HTTPS://EVIL.dev"],
  [`${GIVEN}/more`, "(link left out)", `${GIVEN}/more`],
  ["https://localhost.evil.dev/", "(link left out)", "https://localhost.evil.dev/"],
  ["https://example.com.evil.dev", "(link left out)", "https://example.com.evil.dev"],
  ["https://example.com:80@evil.dev", "(link left out)", "https://example.com:80@evil.dev"],
  ["https://example.com@evil.dev", "(link left out)", "https://example.com@evil.dev"],
])("an address that nobody gave is left out of %j", (text, kept, link) => {
  expect(links(text)).toEqual({ text: kept, links: [link] });
});

describe("the Finalizer's words", () => {
  test("lose made-up addresses, and the journal names them", () => {
    const made = "https://github.com/acme/site/pull/7";
    const said = { ...finalization(), summary: `Done, see ${made}.`, delivery_notes: `Read ${GIVEN}.` };
    const { state, events } = givenCreatedAs(
      { settings },
      built,
      judged(0),
      done("finalizer", "finalizer", said),
    ).driver;
    expect(documentOf(state, "finalization")).toMatchObject({
      summary: "Done, see (link left out).",
      delivery_notes: `Read ${GIVEN}.`,
    });
    expect(events).toContainEqual(
      expect.objectContaining({
        type: "claim.unsupported",
        payload: { role: "finalizer", claim: "link", sentence: made },
      }),
    );
  });
});
