import { expect, test } from "vitest";

import type { ArtifactKind } from "../../documents.ts";
import type { Mode } from "../../role-name.ts";
import type { WorkflowState } from "../state.ts";
import { brief } from "../testing/role-outputs.testsuite.ts";
import {
  built,
  directed,
  done,
  given,
  givenCreatedAs,
  type Move,
} from "../testing/specification.testsuite.ts";
import { creation } from "../testing/workflow-driver.testsuite.ts";
import { deliveryChoice } from "./delivery-choice.ts";

function directedTo(finalizer_action: string): Move {
  return done("director", "director", brief({ finalizer_action }));
}

test.each([
  ["nobody has chosen", [], "artifact-bundle"],
  ["the Director left it open", [directedTo("")], "artifact-bundle"],
  ["the Director chose", [directedTo("directory")], "directory"],
  ["the Director chose what needs a configuration", [directedTo("github-pr")], "artifact-bundle"],
])("when %s", (_who, moves, action) => {
  expect(deliveryChoice(given(...moves).driver.state)).toEqual({ action, config: {} });
});

test("what the scope allows alone is taken where the usual choice is not", () => {
  const settings = { ...creation().settings, delivery_choices: ["directory", "api-response"] };
  const { driver } = givenCreatedAs({ settings }, directedTo("doc-draft"));
  expect(deliveryChoice(driver.state)).toEqual({ action: "directory", config: {} });
});

test.each<[mode: Mode, kind: ArtifactKind, action: string]>([
  ["software", "code", "artifact-bundle"],
  ["ops", "markdown", "artifact-bundle"],
  ["mixed", "blog_post", "artifact-bundle"],
  ["content", "blog_post", "blog-draft"],
  ["content", "markdown", "blog-draft"],
  ["content", "code", "artifact-bundle"],
  ["docs", "document", "doc-draft"],
  ["docs", "code", "artifact-bundle"],
  ["research", "report", "doc-draft"],
])("the mode %s with a %s is delivered by %s", (mode, kind, action) => {
  const { state } = given(built).driver;
  expect(deliveryChoice(withTree(state, mode, kind))).toEqual({ action, config: {} });
});

/** Where the Director has left the choice open. */
function withTree(state: WorkflowState, mode: Mode, kind: ArtifactKind): WorkflowState {
  const [[path, artifact] = []] = [...state.latest_artifacts.entries()];
  if (path === undefined || artifact === undefined) throw new Error("nothing was built");
  const latest_artifacts = state.latest_artifacts.set(path, { ...artifact, kind });
  const documents = state.documents.set("brief", brief({ finalizer_action: "" }));
  return { ...state, head: { ...state.head, mode }, documents, latest_artifacts };
}

test("when the caller has chosen, the Director's choice does not count", () => {
  const delivery = { action: "directory", config: { path: "out" } };
  const settings = { ...creation().settings, delivery };
  expect(deliveryChoice(givenCreatedAs({ settings }, directed).driver.state)).toEqual(delivery);
});
