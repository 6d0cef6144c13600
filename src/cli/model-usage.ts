import type { EventRow } from "../contract/event-row.ts";
import { EVENT_PAYLOADS } from "../core/workflow/events.ts";
import { ROLE_TITLES } from "./progress/wording.ts";

/** What one model did for one role. */
export type ModelUsage = {
  readonly role: string;
  /** As provider/model. */
  readonly model: string;
  readonly calls: number;
  readonly tokens: number;
};

/** Which models acted for which roles, in the order in which they first did. */
export function modelUsage(events: readonly EventRow[]): ModelUsage[] {
  const usage = new Map<string, ModelUsage>();
  for (const event of events) {
    if (event.type !== "model.called") continue;
    const payload = EVENT_PAYLOADS["model.called"].safeParse(event.payload);
    if (!payload.success) continue;
    const { provider, model_asked, model_served, usage: spent } = payload.data;
    const role = event.role === null ? "Engine" : ROLE_TITLES[event.role];
    const model = `${provider}/${model_served || model_asked}`;
    const before = usage.get(`${role} ${model}`) ?? { role, model, calls: 0, tokens: 0 };
    const tokens = before.tokens + spent.input_tokens + spent.output_tokens;
    usage.set(`${role} ${model}`, { role, model, calls: before.calls + 1, tokens });
  }
  return [...usage.values()];
}
