import { describe, expect, test } from "vitest";

import { ROLE_NAMES } from "../core/role-name.ts";
import { misfits } from "./json-schema.testsuite.ts";
import { roles } from "./registry.ts";
import { roleSuite } from "./role.testsuite.ts";
import { sampleOutputs } from "./sample-outputs.testsuite.ts";
import { marked, samplePacket } from "./sample-packet.testsuite.ts";

const contract = ["constitution.", "acceptance_criteria.", "requirements."];
const openFindings = ["findings.f1.", "findings.f2.", "findings.f5."];
const taskNames = ["tasks.first.title", "tasks.second.title"];
const taskWrites = ["tasks.first.writes", "tasks.second.writes"];
const taskSummaries = [...taskNames, "tasks.first.summary", "tasks.second.summary"];
const inventory = [
  "artifacts.shown.txt.path",
  "artifacts.shown.txt.description",
  "artifacts.named.txt.path",
  "artifacts.named.txt.description",
];
const repository = ["imported.", "artifacts.guide.txt.", "guides.content", "tree."];
// r1 was run again as r2; r5 could not be run.
const failedReceipts = ["receipts.r2.", "receipts.r3."].flatMap((id) => [
  `${id}command`,
  `${id}tail`,
  `${id}message`,
]);
const receiptList = ["r2", "r3", "r4", "r5"].flatMap((id) => [
  `receipts.${id}.command`,
  `receipts.${id}.message`,
  ...(id === "r2" ? [] : [`receipts.${id}.name`]),
]);

const director = ["request", "title", "choices.", ...repository];
roleSuite(roles.director, "director", { first: director, repair: director });

const projectManager = ["request", "title", "brief.", ...repository];
roleSuite(roles.project_manager, "project-manager", { first: projectManager, repair: projectManager });

const architect = ["request", "title", ...contract, "plan.", ...repository, "notes"];
roleSuite(roles.architect, "architect", {
  first: architect,
  repair: [
    ...architect,
    "design.",
    ...taskSummaries,
    ...taskWrites,
    ...inventory,
    "artifacts.content",
    "diff",
    "criteria.",
    "waivers.",
    ...failedReceipts,
    "receipts.r3.name",
    ...openFindings,
  ],
});

// Findings are open only after QA has read the work; the sample holds them in every cycle.
const implementer = [
  "request",
  "title",
  "constitution.",
  "acceptance_criteria.AC1",
  "design.",
  "notes",
  ...repository,
  "tasks.first.title",
  "tasks.first.description",
  "tasks.second.title",
  ...taskWrites,
  "artifacts.shown.txt.",
  "artifacts.content",
  ...openFindings,
];
roleSuite(roles.implementer, "implementer", { first: implementer, repair: implementer });

const qa = [
  "request",
  "title",
  ...contract,
  "design.overview",
  "notes",
  "waivers.",
  ...repository,
  ...inventory,
  "artifacts.content",
  ...receiptList,
  ...["r2", "r3", "r4", "r5"].map((id) => `receipts.${id}.tail`),
  "criteria.",
  ...openFindings,
];
roleSuite(roles.qa, "qa", { first: qa, repair: qa });

const finalizer = [
  "request",
  "title",
  "constitution.",
  "acceptance_criteria.",
  "design.overview",
  ...taskSummaries,
  "imported.",
  "tree.",
  ...inventory,
  "artifacts.guide.txt.",
  "notes",
  ...receiptList,
  "criteria.",
  "waivers.",
  "findings.f2.",
  "findings.f4.",
];
roleSuite(roles.finalizer, "finalizer", { first: finalizer, repair: finalizer });

const refiner = [
  "request",
  "title",
  "constitution.",
  "acceptance_criteria.",
  "summaries",
  "tasks.first.title",
  "tasks.first.description",
  "tasks.first.summary",
  "tasks.second.title",
  "tasks.second.description",
  "tasks.second.summary",
  "notes",
  ...receiptList,
  "criteria.",
  "waivers.",
  "findings.",
  "error.",
  "delivery.",
];
roleSuite(roles.refiner, "refiner", { first: refiner, repair: refiner });

test("every role stands under its own name", () => {
  expect(Object.keys(roles)).toEqual([...ROLE_NAMES]);
  expect(Object.values(roles).map((role) => role.name)).toEqual([...ROLE_NAMES]);
});

describe("references are narrowed to what the packet offers", () => {
  const directorPacket = samplePacket({ role: "director", cycle: 0 });
  const qaPacket = samplePacket({ role: "qa", cycle: 1 });

  test("the Director chooses a listed model, the default included, and a listed hand-over", () => {
    const schema = roles.director.schema(directorPacket);
    const answer = { ...sampleOutputs.director, model: "other/model", finalizer_action: "email" };
    expect(misfits(schema, answer)).toEqual([
      '$.model: "other/model" is no choice',
      '$.finalizer_action: "email" is no choice',
    ]);
    const roleModel = { role: "qa", model: "other/model" };
    expect(misfits(schema, { ...sampleOutputs.director, role_models: [roleModel] })).toHaveLength(1);
  });

  test("without a catalogue the Director may name any model", () => {
    const unknown = { ...directorPacket, choices: { ...directorPacket.choices, models: [] } };
    const answer = { ...sampleOutputs.director, model: "other/model", role_models: [] };
    expect(misfits(roles.director.schema(unknown), answer)).toEqual([]);
  });

  test("the Architect's tasks serve criteria of the contract", () => {
    const packet = samplePacket({ role: "architect", cycle: 0 });
    const [task] = sampleOutputs.architect["tasks"] as object[];
    const answer = { ...sampleOutputs.architect, tasks: [{ ...task, criteria: ["AC9"] }] };
    expect(misfits(roles.architect.schema(packet), answer)).toEqual([
      '$.tasks[0].criteria[0]: "AC9" is no choice',
    ]);
  });

  test("QA judges criteria of the contract and settles open findings only", () => {
    const schema = roles.qa.schema(qaPacket);
    const [verdict] = sampleOutputs.qa["criteria"] as object[];
    const [finding] = sampleOutputs.qa["findings"] as object[];
    const wrong = (changes: object) => misfits(schema, { ...sampleOutputs.qa, ...changes });
    expect(wrong({ criteria: [{ ...verdict, id: "AC9" }] })).toHaveLength(1);
    expect(wrong({ findings: [{ ...finding, criterion: "AC9" }] })).toHaveLength(1);
    expect(wrong({ findings: [{ ...finding, id: "f3" }] })).toHaveLength(1);
    expect(wrong({ findings: [{ ...finding, id: null, criterion: null }] })).toEqual([]);
  });

  test("QA has no word on what the engine has raised", () => {
    const [finding] = sampleOutputs.qa["findings"] as object[];
    const answer = { ...sampleOutputs.qa, findings: [{ ...finding, id: "f5" }] };
    expect(misfits(roles.qa.schema(qaPacket), answer)).toHaveLength(1);
  });

  test("while no finding is open, every finding is new", () => {
    const packet = { ...qaPacket, choices: { ...qaPacket.choices, open_findings: [] } };
    const [settled, fresh] = sampleOutputs.qa["findings"] as object[];
    const schema = roles.qa.schema(packet);
    expect(misfits(schema, { ...sampleOutputs.qa, findings: [fresh] })).toEqual([]);
    expect(misfits(schema, { ...sampleOutputs.qa, findings: [settled] })).toHaveLength(1);
  });
});

describe("what the caller has given", () => {
  test("is shown to the Director as given, and only then", () => {
    const given = samplePacket({ role: "director", cycle: 0 });
    expect(roles.director.render(given)).toMatch(
      /Given by the caller[^#]*- Mode: software\n- Title: `§title§`/,
    );
    const open = { ...given, mode_is_given: false, title_is_given: false };
    expect(roles.director.render(open)).not.toContain(marked("title"));
    expect(roles.director.render(open)).not.toContain("Given by the caller");
  });
});

test("an Implementer's second attempt asks in the same words, however far its siblings have come", () => {
  const packet = samplePacket({ role: "implementer", cycle: 0 });
  const tasks = packet.tasks.map((task) =>
    task.id === "first" ? task : { ...task, status: "running" as const, attempt: 2, summary: null },
  );
  const artifacts = packet.artifacts.filter((artifact) => artifact.content !== null);
  expect(roles.implementer.render({ ...packet, tasks, artifacts })).toBe(roles.implementer.render(packet));
});

test("a packet of the first moment renders in every role", () => {
  for (const role of Object.values(roles)) {
    const packet = samplePacket({ role: role.name, cycle: 0 });
    const bare = {
      ...packet,
      brief: null,
      constitution: null,
      requirements: null,
      plan: null,
      design: null,
      finalization: null,
      error: null,
      delivery: null,
      summaries: [],
      tasks: [],
      task: null,
      artifacts: [],
      criteria: [],
      findings: [],
      receipts: [],
      tree: [],
      imported: null,
      notes: [],
      waivers: [],
      diff: null,
    };
    expect(role.render(bare)).toContain(marked("request"));
    expect(role.render(bare)).not.toContain("undefined");
  }
});
