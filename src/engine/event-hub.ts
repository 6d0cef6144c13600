import { eventRow } from "../core/workflow/event-row.ts";
import type { WorkflowEvent } from "../core/workflow/events.ts";
import type { Logger } from "../ports/logger.ts";
import type { PublishedEvent } from "./engine.ts";

type Listener = (events: readonly PublishedEvent[]) => void;

/** Hands committed events to whoever listens to their workflow; costs nothing where nobody does. */
export class EventHub {
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** A listener that throws hurts neither the others nor the workflow. */
  publish(key: string, workflowId: string, events: readonly WorkflowEvent[]): void {
    const listeners = this.#listeners.get(key);
    if (!listeners) return;
    const published = events.map((event) => ({ event, json: JSON.stringify(eventRow(workflowId, event)) }));
    for (const listener of listeners) {
      try {
        listener(published);
      } catch (error) {
        this.#logger.error({ workflow_id: workflowId, error }, "a listener to a workflow's events failed");
      }
    }
  }

  subscribe(key: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(key) === listeners) this.#listeners.delete(key);
    };
  }
}
