import type { HandoffPacket } from "../core/workflow/packet.ts";
import type { TaskState } from "../core/workflow/state.ts";
import { fencedJson, type Section } from "./render-section.ts";

/** Every task with its state, as the Architect needs it to continue the graph. */
export function taskGraphSection(packet: HandoffPacket): Section {
  return list(
    "Tasks so far",
    packet.tasks.map(({ id, title, status, depends_on, criteria, writes, cycle, summary }) => ({
      key: id,
      title,
      status,
      depends_on,
      criteria,
      writes,
      cycle,
      summary,
    })),
  );
}

/** Every task with how it went. */
export function taskHistorySection(packet: HandoffPacket): Section {
  return list(
    "Tasks",
    packet.tasks.map(({ id, title, description, status, cycle, attempt, summary }) => ({
      key: id,
      title,
      description,
      status,
      cycle,
      attempts: attempt,
      summary,
    })),
  );
}

/** What the finished tasks say they did. */
export function taskSummariesSection(packet: HandoffPacket): Section {
  return list(
    "What each task did",
    packet.tasks.map(({ id, title, status, summary }) => ({ key: id, title, status, summary })),
  );
}

/** Who else writes in this workflow: enough to stay out of their way, and fixed while they run. */
export function otherTasksSection(packet: HandoffPacket): Section {
  const others = packet.tasks.filter((task) => task.id !== packet.task?.id);
  return list(
    "Other tasks, which are not yours",
    others.map(({ id, title, writes }) => ({ key: id, title, writes })),
  );
}

export function ownTaskSection(packet: HandoffPacket): Section {
  return { heading: "Your task", body: packet.task === null ? null : fencedJson(assignment(packet.task)) };
}

function assignment(task: TaskState): Record<string, unknown> {
  const { id, title, description, depends_on, criteria, writes } = task;
  return { key: id, title, description, depends_on, criteria, writes };
}

function list(heading: string, rows: readonly unknown[]): Section {
  return { heading, body: rows.length === 0 ? null : fencedJson(rows) };
}
