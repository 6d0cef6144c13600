import { z } from "@hono/zod-openapi";

/** The body of every answer outside 2xx and 3xx, as RFC 9457 says (`application/problem+json`). */
export const Problem = z
  .object({
    type: z.string().describe("Address, on this server, of a short text about this kind of problem."),
    title: z.string().describe("The kind of problem; the same for every occurrence."),
    status: z.int(),
    detail: z.string().describe("What happened this time and what to do next."),
    instance: z.string().describe("Path of the request."),
    code: z.string().describe("Stable name of the kind of problem, for programs."),
    request_id: z.string().describe("Also in the header X-Request-Id and in the server's log."),
    errors: z
      .array(z.object({ pointer: z.string(), detail: z.string() }))
      .describe(
        "JSON Pointers to the fields at fault: into the body, or below /query and /headers for what stands there.",
      ),
    retryable: z.boolean().describe("Whether the same request can succeed later, unchanged."),
  })
  .openapi("Problem");
export type Problem = z.infer<typeof Problem>;

export const PROBLEM_MEDIA_TYPE = "application/problem+json";
