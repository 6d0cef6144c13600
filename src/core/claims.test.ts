import { describe, expect, test } from "vitest";

import { type Claim, type Seen, unsupportedClaims, withoutClaims } from "./claims.ts";

const NOTHING: Seen = { tests: false, build: false, ran: false, delivered: false };
const EVERYTHING: Seen = { tests: true, build: true, ran: true, delivered: true };

const CLAIMED: readonly (readonly [Claim, string])[] = [
  ["tests", "All tests pass."],
  ["tests", "All 12 tests pass with no errors."],
  ["tests", "The test suite is passing."],
  ["tests", "The unit tests passed on the first run."],
  ["tests", "Every spec is green."],
  ["tests", "The tests are all green now."],
  ["tests", "It passes all the tests."],
  ["tests", "Passing all 14 existing tests."],
  ["tests", "No test fails."],
  ["tests", "None of the tests failed."],
  ["tests", "The tests ran with 0 failures."],
  ["tests", "The test suite finished without errors."],
  ["tests", "npm test exits with code 0."],
  ["tests", "The tests pass, but I could not deploy it."],
  ["tests", "I did not touch the parser; the tests pass."],
  ["tests", "Nothing is left to do, and the tests succeed."],
  ["tests", "The tests pass so nothing fails."],
  ["tests", "- [x] All tests pass"],
  ["tests", "All **tests** pass!"],
  ["tests", "12/12 tests OK"],
  ["tests", "All 12 checks pass."],
  ["tests", "Every one of the checks is done: all checks passed."],
  ["tests", "CI is green."],
  ["build", "The build is OK."],
  ["ran", "I tested it and it works."],
  ["ran", "Checked that it works."],
  ["delivered", "Pushed."],
  ["delivered", "Committed and pushed."],
  ["delivered", "The PR is open at https://example.org/pr/1"],
  ["delivered", "Users have been merged into main."],
  ["build", "The project builds successfully."],
  ["build", "It compiles without errors."],
  ["build", "The build is green."],
  ["build", "The build passes."],
  ["build", "The code type-checks cleanly."],
  ["ran", "Verified manually in the terminal."],
  ["ran", "I ran the program and it printed hello."],
  ["ran", "We executed the script."],
  ["ran", "I've run it twice."],
  ["ran", "The output was verified by running it."],
  ["ran", "Tested end-to-end."],
  ["ran", "Confirmed locally."],
  ["delivered", "Pushed to main."],
  ["delivered", "The changes have been pushed."],
  ["delivered", "I pushed the fix."],
  ["delivered", "Deployed to production."],
  ["delivered", "Published the package to npm."],
  ["delivered", "The site is live."],
  ["delivered", "I opened a pull request with the change."],
  ["delivered", "Created PR 12."],
  ["delivered", "Merged into the main branch."],
  ["delivered", "Deployed successfully."],
  ["delivered", "I have also committed it."],
];

const NOT_CLAIMED: readonly string[] = [
  "The tests do not pass yet.",
  "I could not run the tests.",
  "The tests were not run.",
  "No tests were run.",
  "The tests fail.",
  "Two of the tests failed.",
  "The build fails without the flag.",
  "It has not been deployed to production.",
  "Nothing was pushed to the remote.",
  "I haven't pushed anything to the repository.",
  "Untested in the browser.",
  "Tests pass (not verified).",
  "The tests should pass.",
  "All tests must pass.",
  "The build will be green.",
  "The tests would pass with Node 24.",
  "Make sure that the tests pass.",
  "Ensure all tests pass.",
  "Run the tests and see whether they pass.",
  "The goal is that all tests pass.",
  "The package needs to be published to npm.",
  "Run it locally with node greet.js.",
  "You can push it to the main branch.",
  "If the tests pass, merge it into main.",
  "Once the build is green, publish the package to npm.",
  "When all tests pass, the work is done.",
  "Unless the tests pass, nothing is delivered.",
  "The workflow waits until the build passes.",
  "Please run the tests; they pass on Node 24.",
  "The test passes a string to the parser.",
  "Users have been merged into the main table.",
  "Rows are published to the live list.",
  "The test checks that OK is printed.",
  "All checks pass the token to the parser.",
  "The pipeline passes each line through a filter.",
  "Pushed items stay in order.",
  "It is checked whether the clock works.",
  "The PR template is in docs.",
  "Every check passes its result on.",
  "Two helpers were merged into one module.",
  "The parser is merged into index.js.",
  "Each item is pushed onto the stack.",
  "Files are uploaded to the server in chunks.",
  "User input is validated successfully or refused.",
  "The tests cover greeting and farewell.",
  "It has a test for every branch.",
  "A passing reader should understand the spec.",
  "The builder pattern keeps it clean.",
  "Wrote greet.js and its tests.",
  "The author is committed to a small interface.",
];

describe("what nobody saw is a claim", () => {
  test.each(CLAIMED)("%s: %s", (claim, sentence) => {
    expect(unsupportedClaims(sentence, NOTHING)).toEqual([{ claim, sentence }]);
  });

  test.each(CLAIMED)("that was seen is none (%s: %s)", (_claim, sentence) => {
    expect(unsupportedClaims(sentence, EVERYTHING)).toEqual([]);
  });
});

describe("wishes, conditions, denials and plain words are none", () => {
  test.each(NOT_CLAIMED)("%s", (sentence) => {
    expect(unsupportedClaims(sentence, NOTHING)).toEqual([]);
  });
});

test("the sentences are enough to mean something", () => {
  expect(CLAIMED.length + NOT_CLAIMED.length).toBeGreaterThanOrEqual(60);
});

test("a sentence that claims two things is named by the one nobody saw", () => {
  const sentence = "The build is green, and all tests pass.";
  expect(unsupportedClaims(sentence, { ...NOTHING, tests: true })).toEqual([{ claim: "build", sentence }]);
});

describe("a text without its claims", () => {
  const text =
    "Wrote greet.js. All tests pass. It greets in two languages.\n- Deployed to production.\n- Small.";

  test("keeps everything else", () => {
    const claims = unsupportedClaims(text, NOTHING);
    expect(claims.map(({ claim }) => claim)).toEqual(["tests", "delivered"]);
    expect(withoutClaims(text, claims)).toBe("Wrote greet.js. It greets in two languages.\n\n- Small.");
  });

  test("loses a claim as often as it is made", () => {
    const twice = "All tests pass. Small. All tests pass.";
    expect(withoutClaims(twice, unsupportedClaims(twice, NOTHING))).toBe("Small.");
  });

  test("is itself when there are none", () => {
    expect(withoutClaims(text, [])).toBe(text);
  });
});

test.each([
  ["blanks", " "],
  ["lines", "\n"],
  ["commas", ", "],
  ["clauses", "tests, and "],
])("a megabyte of %s does not take long to look through", (_name, part) => {
  const text = `${part.repeat(Math.ceil(1_000_000 / part.length))} All tests pass.`;
  const seen = { tests: true, build: true, ran: true, delivered: true };
  expect(unsupportedClaims(text, seen)).toEqual([]);
});
