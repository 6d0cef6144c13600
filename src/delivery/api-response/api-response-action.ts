import { z } from "zod";

import type { DeliveryAction } from "../../ports/delivery-action.ts";

/** Leaves the artifacts where the API serves them; the receipt says under which addresses. */
export const apiResponseAction: DeliveryAction<Record<string, never>> = {
  name: "api-response",
  description: "Leaves the files where the API of this server serves them.",
  outward: false,
  semantics: "read",
  config: z.strictObject({}),
  deliver: (_config, { workflow_id, artifacts }) =>
    Promise.resolve({
      action: "api-response",
      links: artifacts.map(({ id }) => `/api/v1/workflows/${workflow_id}/artifacts/${id}`),
      metadata: [{ name: "artifacts", value: String(artifacts.length) }],
    }),
  preview: (_config, { workflow_id, artifacts }) =>
    Promise.resolve({
      target: `/api/v1/workflows/${workflow_id}/artifacts`,
      effects: [`${artifacts.length} files are served from there, as they are already`],
    }),
};
