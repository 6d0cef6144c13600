import { expect } from "vitest";

import type { DomainError, DomainErrorCode } from "../../domain-error.ts";
import type { Receipt } from "../../receipt.ts";
import type { RoleName } from "../../role-name.ts";
import type { RoleOutputs } from "../../role-output.ts";
import type { CreateWorkflow } from "../commands.ts";
import type { EventType, WorkflowEvent } from "../events.ts";
import { next } from "../next.ts";
import * as outputs from "./role-outputs.testsuite.ts";
import {
  creation,
  failureOf,
  type Order,
  resumeOf,
  type Change,
  WorkflowDriver,
} from "./workflow-driver.testsuite.ts";

/** One thing that happens to a workflow, or several. */
export type Move = (driver: WorkflowDriver) => void;

/** An event as a test expects it: its type, and whatever of the rest matters. */
export type ExpectedEvent = {
  readonly type: EventType;
  readonly role?: RoleName | null;
  readonly step_id?: string | null;
  readonly task_id?: string | null;
  readonly payload?: Readonly<Record<string, unknown>>;
};

/** `expect(given(past).when(command)).toMatchObject(thenEvents(events))`, or `thenRefused(code)`. */
export function given(...moves: readonly Move[]): Specification {
  return new Specification(creation(), moves);
}

export function givenCreatedAs(over: Partial<CreateWorkflow>, ...moves: readonly Move[]): Specification {
  return new Specification(creation(over), moves);
}

class Specification {
  readonly driver: WorkflowDriver;

  constructor(create: CreateWorkflow, moves: readonly Move[]) {
    this.driver = new WorkflowDriver(create);
    for (const move of moves) move(this.driver);
  }

  when(order: Order | ((driver: WorkflowDriver) => Order)): Outcome {
    return new Outcome(this.driver.give(typeof order === "function" ? order(this.driver) : order));
  }
}

/** What a command led to: events, or a refusal. */
class Outcome {
  readonly events: readonly WorkflowEvent[];
  readonly refusal: DomainError | null;
  readonly #change: Change | null;

  constructor(answer: Change | DomainError) {
    const isRefused = "code" in answer;
    this.refusal = isRefused ? answer : null;
    this.#change = isRefused ? null : answer;
    this.events = isRefused ? [] : answer.events;
  }

  get change(): Change {
    if (this.#change) return this.#change;
    throw new Error(
      `refused: ${this.refusal?.code} ${this.refusal?.message} ${this.refusal?.problems.join("; ")}`,
    );
  }
}

/** For `toMatchObject`: exactly these events in this order; what an expectation leaves out may be anything. */
export function thenEvents(...events: readonly ExpectedEvent[]) {
  return { refusal: null, events };
}

/** For `toMatchObject`: refused with this code, and nothing has happened. */
export function thenRefused(code: DomainErrorCode, message: RegExp = /./) {
  return { refusal: { code, message: expect.stringMatching(message) }, events: [] };
}

/** Starts a step; the validation that comes before QA passes without receipts when no test has had it. */
export function begun(step_id: string): Move {
  return (driver) => {
    const [step] = next(driver.state);
    if (step?.kind === "validation" && step_id.startsWith("qa:")) validated(step.cycle)(driver);
    driver.start(step_id);
  };
}

/** What the engine ran before QA, on the tree as it is or on one of that name. */
export function validated(cycle: number, receipts: readonly Receipt[] = [], tree?: string): Move {
  return (driver) => {
    const step_id = `validation:${cycle}`;
    driver.start(step_id, tree ?? `tree-of-${driver.state.artifacts.size}`);
    driver.complete(step_id, { kind: "validation", receipts });
  };
}

export function done(step_id: string, role: RoleName, output: object): Move {
  return (driver) => {
    begun(step_id)(driver);
    driver.complete(step_id, { kind: "role", role, output: { ...output } });
  };
}

export function failed(step_id: string, code: string): Move {
  return (driver) => {
    driver.start(step_id);
    driver.fail(step_id, code);
  };
}

export const paused: Move = (driver) => void driver.must({ type: "workflow.pause" });
export const cancelled: Move = (driver) => void driver.must({ type: "workflow.cancel" });
export function resumed(max_qa_retries: number | null = null): Move {
  return (driver) => void driver.must(resumeOf(max_qa_retries));
}

export const directed = done("director", "director", outputs.brief());
export const contracted = done("project_manager", "project_manager", outputs.contract());

export function designed(graph: Readonly<Record<string, readonly string[]>>, cycle = 0): Move {
  return done(`architect:${cycle}`, "architect", outputs.design(outputs.tasks(graph)));
}

export function implemented(key: string, paths: readonly string[] = [`${key}.js`]): Move {
  return done(`task:${key}`, "implementer", outputs.work(paths));
}

export function judged(cycle: number, output = outputs.judgement()): Move {
  return done(`qa:${cycle}`, "qa", output);
}

export const finalized = done("finalizer", "finalizer", outputs.finalization());
export const delivered: Move = (driver) => {
  driver.start("delivery");
  driver.complete("delivery", { kind: "delivery", receipt: outputs.receipt });
};
export function refined(ending: number): Move {
  return done(`refiner:${ending}`, "refiner", outputs.assessment());
}

/** Everything before the first task of the graph. */
export function planned(graph: Readonly<Record<string, readonly string[]>> = { greet: [] }): Move {
  return (driver) => [directed, contracted, designed(graph)].forEach((move) => move(driver));
}

/** Everything before QA, with one task. */
export const built: Move = (driver) =>
  [planned(), implemented("greet"), validated(0)].forEach((move) => move(driver));

type Contract = Parameters<typeof outputs.contract>;

/** Everything before the first validation, for criteria of these levels with these checks. */
export function worked(...[levels, checks]: Contract): Move {
  return (driver) => {
    directed(driver);
    done("project_manager", "project_manager", outputs.contract(levels, checks))(driver);
    designed({ greet: [] })(driver);
    implemented("greet")(driver);
  };
}

export type Pass = {
  readonly receipts?: readonly Receipt[];
  readonly output?: RoleOutputs["qa"];
  /** All that QA cites when absent. */
  readonly resolved?: readonly string[];
  readonly tree?: string;
};

/** One pass of a workflow that was `worked`: its repair, where it is one, what the engine ran, and what QA says. */
export function passed(cycle: number, pass: Pass = {}): Move {
  const { receipts, output = outputs.judgement(), resolved, tree } = pass;
  return (driver) => {
    if (cycle > 0) {
      designed({ [`mend-${cycle}`]: [] }, cycle)(driver);
      implemented(`mend-${cycle}`, ["greet.js"])(driver);
    }
    validated(cycle, receipts, tree)(driver);
    driver.start(`qa:${cycle}`);
    const said = resolved === undefined ? { output } : { output, resolved };
    driver.complete(`qa:${cycle}`, { kind: "role", role: "qa", ...said });
  };
}

/** A workflow with `max_qa_retries` 0 that QA has failed. */
export const exhausted: Move = (driver) => {
  [built, judged(0, outputs.judgement({ AC1: "unmet" }))].forEach((move) => move(driver));
};

export function completionOf(
  step_id: string,
  role: RoleName,
  output: object,
): (driver: WorkflowDriver) => Order {
  return (driver) => ({
    type: "step.complete",
    step_id,
    attempt: driver.attemptOf(step_id),
    result: { kind: "role", role, output: { ...output } },
  });
}

export function failing(step_id: string, code: string): (driver: WorkflowDriver) => Order {
  return (driver) => failureOf(step_id, driver.attemptOf(step_id), code);
}

/** The types of events, for assertions on their order alone. */
export function typesOf(events: readonly WorkflowEvent[]): EventType[] {
  return events.map((event) => event.type);
}
