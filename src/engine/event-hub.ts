import { eventRow } from "../core/workflow/event-row.ts";
import type { WorkflowEvent } from "../core/workflow/events.ts";
import type { Logger } from "../ports/logger.ts";
import type { EventListener } from "./engine.ts";

/** Who listens to a workflow, and the newest event they were told. */
type Audience = { readonly listeners: Set<EventListener>; last: number };

/** Hands committed events to whoever listens to their workflow; costs nothing where nobody does. */
export class EventHub {
  readonly #audiences = new Map<string, Audience>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** A listener that throws hurts neither the others nor the workflow. */
  publish(key: string, workflowId: string, events: readonly WorkflowEvent[]): void {
    const audience = this.#audiences.get(key);
    const newest = events.at(-1);
    if (!audience || !newest) return;
    audience.last = Math.max(audience.last, newest.seq);
    const published = events.map((event) => ({ event, json: JSON.stringify(eventRow(workflowId, event)) }));
    for (const listener of audience.listeners) {
      try {
        listener(published);
      } catch (error) {
        this.#logger.error({ workflow_id: workflowId, error }, "a listener to a workflow's events failed");
      }
    }
  }

  subscribe(key: string, listener: EventListener): () => void {
    const audience: Audience = this.#audiences.get(key) ?? { listeners: new Set(), last: 0 };
    audience.listeners.add(listener);
    this.#audiences.set(key, audience);
    return () => {
      audience.listeners.delete(listener);
      if (audience.listeners.size === 0 && this.#audiences.get(key) === audience) this.#audiences.delete(key);
    };
  }

  /** The workflows that somebody listens to. */
  keys(): IterableIterator<string> {
    return this.#audiences.keys();
  }

  /** The newest `seq` that was told to the listeners of a workflow, 0 before the first; null when nobody listens. */
  told(key: string): number | null {
    return this.#audiences.get(key)?.last ?? null;
  }
}
