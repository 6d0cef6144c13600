import { expect, test } from "vitest";

import type { ApprovalDetail } from "../contract/approval-view.ts";
import { approvalLines, checkText } from "./approval-lines.ts";
import { approvalAdvice } from "./gate-advice.ts";

const approval: ApprovalDetail = {
  id: "wf_1:ap1",
  workflow_id: "wf_1",
  title: "A greeting",
  gate: "plan",
  status: "open",
  cycle: 0,
  requested_at: "2026-01-01T00:00:00.000Z",
  expires_at: null,
  answer: null,
  url: "/api/v1/approvals/wf_1:ap1",
  shown: "abc",
  changes: null,
  diff_url: null,
  subject: {
    criteria: [
      {
        id: "AC1",
        text: "It greets.",
        level: "must",
        check: { kind: "command", command: "node --test", exit_code: 0, output_contains: null },
      },
    ],
    design: { overview: "One file." },
    tasks: [
      {
        key: "greet",
        title: "Greet",
        description: "Write it.\u001b[2J",
        depends_on: ["a"],
        criteria: [],
        writes: ["src/"],
      },
    ],
  },
};

test("a plan is shown with how each criterion is decided, and nothing in it moves the cursor", () => {
  const text = approvalLines(approval).join("\n");
  expect(text).toContain("Criteria\n  AC1 (must) It greets.\n    run: node --test → exit 0");
  expect(text).toContain("Design\n  One file.");
  expect(text).toContain("Tasks\n  greet: Greet\n    Write it. [2J\n    after a\n    writes src/");
  expect(text).toMatch(/^shown +abc$/m);
});

test("what is shown again says what has changed", () => {
  const again = approvalLines({ ...approval, changes: ["- old: Old", "+ greet: Greet"] }).join("\n");
  expect(again).toContain("Since it was shown before\n  - old: Old\n  + greet: Greet");
  const diff_url = "/api/v1/workflows/wf_1/diff?from=cycle-0&to=latest";
  expect(approvalLines({ ...approval, diff_url }).join("\n")).toContain(`GET ${diff_url}`);
});

test("a delivery is shown with its files and its verdict", () => {
  const subject = {
    action: "directory",
    config: { path: "/srv" },
    tree_hash: "t",
    files: [{ path: "a.md", hash: "h", size: 1_500 }],
    verdict: "verified",
    finalization: { delivery_notes: "Read it.\nThen run it.", summary: "Done." },
  };
  const text = approvalLines({ ...approval, gate: "delivery", subject }).join("\n");
  expect(text).toContain('by directory {"path":"/srv"}\n  verdict: verified');
  expect(text).toContain("Files: 1 file, 1.5 kB\n  a.md  1.5 kB");
  expect(text).toContain("Notes\n  Read it.\n  Then run it.");
});

test("an approval that is over has its answer and no subject", () => {
  const answer = { verb: "reject", note: "No.", actor: "ada", at: "2026-01-02" } as const;
  const text = approvalLines({ ...approval, status: "answered", shown: null, subject: null, answer }).join(
    "\n",
  );
  expect(text).toMatch(/answer +reject by ada at 2026-01-02\nnote +No\.$/);
});

test.each([
  [
    { kind: "command", command: "make", exit_code: 2, output_contains: "ok" },
    'run: make → exit 2 and says "ok"',
  ],
  [
    {
      kind: "file",
      path: "a.csv",
      contains: [],
      headings: [],
      min_words: null,
      max_words: 9,
      columns: ["x"],
      min_rows: null,
      sql: null,
      json_schema: null,
    },
    'file: a.csv, max_words 9, columns ["x"]',
  ],
  [
    {
      kind: "http",
      start: "npm start",
      method: "GET",
      path: "/",
      body: null,
      status: 200,
      body_contains: "hi",
    },
    'http: GET / → 200 with "hi"; started by npm start',
  ],
  [{ kind: "rubric", question: "Is it clear?" }, "QA reads: Is it clear?"],
] as const)("a check %j is told in a line", (check, told) => {
  const given = check.kind === "file" ? { ...check, contains: [], headings: [], columns: ["x"] } : check;
  expect(checkText(given)).toBe(told);
});

test("the commands that answer name the approval; only a plan can be edited", () => {
  const next = (words: string): string => `orca ${words} --data-dir d`;
  const plan = approvalAdvice(approval, next).join("\n");
  for (const verb of ["approvals", "approve", "edit", "request-changes", "reject"])
    expect(plan).toContain(`orca ${verb} wf_1:ap1`);
  const delivery = approvalAdvice({ ...approval, gate: "delivery", expires_at: "2026-02-01" }, next).join(
    "\n",
  );
  expect(delivery).not.toContain("orca edit");
  expect(delivery).toContain("until 2026-02-01");
});
