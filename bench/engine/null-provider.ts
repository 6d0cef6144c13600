import type { ModelAnswer, ModelProvider, ModelRequest } from "../../src/ports/chat-model.ts";
import { freshContent, type Job } from "../job.ts";
import { placeOf, roleOutputs } from "./null-outputs.ts";

/** A model that answers before anybody could wait: packets, prompts, schemas and the journal of calls are left to measure. */
export function createNullProvider(job: Job): ModelProvider {
  const { parallel: _parallel, chained: _chained, ...outputs } = { ...job.shape, ...roleOutputs(job.shape) };
  const answers = new Map(Object.entries(outputs).map(([role, output]) => [role, JSON.stringify(output)]));
  const answer = ({ trace }: ModelRequest): ModelAnswer => ({
    text: answers.get(trace.role) ?? writtenFile(trace.step_id),
    tool_calls: [],
    finish_reason: "stop",
    usage: { input_tokens: 1000, output_tokens: 500, cached_input_tokens: 0, reasoning_tokens: 0 },
    model_served: "null",
    latency_ms: 0,
  });
  return {
    name: "null",
    kind: "openai-compatible",
    tools: true,
    models: () => Promise.resolve([{ id: "null", name: "null", context_window: null }]),
    test: () => Promise.resolve({ healthy: true, latency_ms: 0, message: null }),
    generate: (request) => {
      const { step_id: id, role, workflow_id } = request.trace;
      const task_id = role === "implementer" ? keyOf(id) : null;
      return job.perform(workflow_id, placeOf({ id, task_id }, job.shape), () => answer(request));
    },
    close: () => Promise.resolve(),
  };
}

function writtenFile(stepId: string): string {
  const path = `files/${keyOf(stepId)}.txt`;
  const artifact = {
    path,
    kind: "data",
    description: "What the task had to write.",
    content: freshContent(),
  };
  return JSON.stringify({ artifacts: [artifact], summary: "Wrote the file." });
}

/** The task's key in the id of its step. */
function keyOf(stepId: string): string {
  return stepId.slice(stepId.indexOf(":") + 1);
}
