import type { CaseRequest, Measurements } from "./case.ts";
import { type ChildSettings, startChild } from "./run-child.ts";
import { median, rounded } from "./statistics.ts";

/** Several processes on one database that share the workflows in flight among them. */
export async function severalNodes(request: CaseRequest, settings: ChildSettings): Promise<Measurements> {
  const nodes = Array.from({ length: request.workflows }, (_, index) => index);
  const concurrency = Math.ceil(request.concurrency / nodes.length);
  const children = [];
  for (const index of nodes) {
    const child = startChild({ ...request, concurrency, prefix: `node-${index}-` }, settings);
    // One after the other: the first one makes the tables.
    await child.ready;
    children.push(child);
  }
  for (const child of children) child.tell("go");
  const measured = await Promise.all(children.map((child) => child.ended));
  const all = (name: string): number[] =>
    measured.map((each) => each[name]).filter((value) => typeof value === "number");
  const sum = (name: string): number => all(name).reduce((total, value) => total + value, 0);
  return {
    nodes: nodes.length,
    steps_per_s: sum("steps_per_s"),
    least_steps_per_s: Math.min(...all("steps_per_s")),
    gap_p50_ms: rounded(median(all("gap_p50_ms"))),
    gap_p99_ms: rounded(Math.max(...all("gap_p99_ms"))),
    cpu_us_per_step: rounded(median(all("cpu_us_per_step")), 1),
  };
}
