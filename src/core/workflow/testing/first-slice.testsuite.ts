import { contract, design, judgement, finding, tasks, ran, work } from "./role-outputs.testsuite.ts";
import { delivered, directed, done, finalized, refined, validated } from "./specification.testsuite.ts";
import { creation, WorkflowDriver } from "./workflow-driver.testsuite.ts";

const usage = { input_tokens: 900, output_tokens: 120, cached_input_tokens: 0, reasoning_tokens: 0 };

function called(driver: WorkflowDriver, step_id: string): void {
  const payload = {
    attempt: driver.attemptOf(step_id),
    ordinal: 1,
    provider: "acme",
    model_asked: "large",
    model_served: "large-2026",
    usage,
    cost_usd: null,
    latency_ms: 1250,
    finish_reason: "stop",
    request_hash: `request-${step_id}`,
    prompt_hash: "prompt-1",
    packet_hash: `packet-${step_id}`,
    config_hash: "config-1",
    response_hash: `response-${step_id}`,
    error: null,
  };
  driver.must({
    type: "step.record",
    step_id,
    attempt: driver.attemptOf(step_id),
    records: [{ type: "model.called", payload }],
  });
}

/** A whole workflow: a blocking finding, its repair, a task that had to be tried twice, delivery and Refiner. */
export function firstSlice(): WorkflowDriver {
  const driver = new WorkflowDriver(creation());
  directed(driver);
  done("project_manager", "project_manager", contract({ AC1: "must", AC2: "should" }))(driver);
  done("architect:0", "architect", design(tasks({ greet: [], test: ["greet"] })))(driver);
  driver.start("task:greet");
  called(driver, "task:greet");
  driver.fail("task:greet", "overloaded");
  done("task:greet", "implementer", work(["greet.js", "README.md"]))(driver);
  done("task:test", "implementer", work(["test/greet.test.js"]))(driver);
  validated(0, [ran({ status: "failed" })])(driver);
  driver.start("qa:0", "tree-0");
  const blocking = finding({ criterion: "AC1" });
  const unhappy = judgement({ AC1: "unmet", AC2: "met" }, [blocking]);
  driver.complete("qa:0", { kind: "role", role: "qa", output: unhappy });
  done("architect:1", "architect", design(tasks({ "mend-greet": ["greet"] })))(driver);
  done("task:mend-greet", "implementer", work(["greet.js"], "mended"))(driver);
  validated(1, [ran()])(driver);
  driver.start("qa:1", "tree-1");
  driver.complete("qa:1", { kind: "role", role: "qa", output: judgement({ AC1: "met", AC2: "met" }) });
  finalized(driver);
  delivered(driver);
  refined(1)(driver);
  return driver;
}
