import { z } from "zod";

import { WorkflowConfig } from "../core/workflow-config.ts";

const NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;

export const PROVIDER_KINDS = ["openai", "anthropic", "ollama", "copilot", "openai-compatible"] as const;

export const ProviderConfig = z.strictObject({
  name: z
    .string()
    .regex(NAME, "use lower-case letters, digits and hyphens")
    .describe("Name in provider/model."),
  kind: z.enum(PROVIDER_KINDS),
  base_url: z
    .url({ protocol: /^https?$/ })
    .nullable()
    .default(null)
    .describe("Endpoint; null is the vendor's own."),
  api_key: z
    .string()
    .nullable()
    .default(null)
    .describe("Only as ${VARIABLE} in orca.yaml; a literal key is refused."),
  send_trace_headers: z
    .boolean()
    .nullable()
    .default(null)
    .describe("Send x-orca-* headers. Null: on, except towards the vendors' own hosts."),
  structured_output: z
    .boolean()
    .default(true)
    .describe("Whether an OpenAI-compatible endpoint understands response_format json_schema."),
});
export type ProviderConfig = z.infer<typeof ProviderConfig>;

/** Everything that can be configured, with its defaults; one frozen value per process. Paths are absolute once loaded. */
export const Config = z.strictObject({
  host: z.string().default("127.0.0.1").describe("Address to listen on."),
  port: z.int().min(0).max(65_535).default(4700).describe("Port to listen on; 0 takes a free one."),
  data_dir: z.string().describe("Directory for the database, the demo and delivered files."),
  database: z.string().describe("sqlite:<path> or postgres://user:password@host/database."),
  log: z
    .strictObject({
      level: z.enum(["debug", "info", "warn", "error", "silent"]).default("info"),
      format: z
        .enum(["auto", "json", "pretty"])
        .default("auto")
        .describe("auto: pretty on a terminal, else JSON."),
    })
    .prefault({}),
  providers: z.array(ProviderConfig).default([]),
  workflow: WorkflowConfig.prefault({}),
  max_concurrent_workflows: z
    .int()
    .min(1)
    .max(10_000)
    .default(10)
    .describe("Workflows with running steps at the same time in this process."),
  max_request_bytes: z
    .int()
    .min(1)
    .max(16_777_216)
    .default(262_144)
    .describe("Longest accepted request, in bytes."),
  shutdown_timeout_s: z.int().min(0).max(600).default(15),
  delivery: z
    .strictObject({
      directory: z
        .strictObject({
          allowed: z
            .array(z.string())
            .default([])
            .describe("Directories under which the directory action may write."),
        })
        .prefault({}),
    })
    .prefault({}),
});
export type Config = z.infer<typeof Config>;
