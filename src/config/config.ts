import { z } from "zod";

import { allowedPlaces } from "../core/allowed-host.ts";
import { Budget, WorkflowConfig } from "../core/workflow-config.ts";
import { DeliveryEmail } from "./delivery-email.ts";
import { DeliveryGit } from "./delivery-git.ts";
import { DeliveryGithub } from "./delivery-github.ts";
import { Hooks } from "./hooks.ts";
import { McpServers } from "./mcp-servers.ts";
import { Secrets } from "./secrets.ts";
import { WebhookEndpoints } from "./webhooks.ts";

const NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** Where package managers fetch from. */
const USUAL_REGISTRIES = [
  "registry.npmjs.org",
  "registry.yarnpkg.com",
  "pypi.org",
  "files.pythonhosted.org",
  "proxy.golang.org",
  "sum.golang.org",
  "index.crates.io",
  "static.crates.io",
  "crates.io",
  "repo.maven.apache.org",
  "repo1.maven.org",
  "services.gradle.org",
  "plugins.gradle.org",
];

export const PROVIDER_KINDS = ["openai", "anthropic", "ollama", "copilot", "openai-compatible"] as const;

const limit = (most: number) => z.int().min(1).max(most).nullable().default(null);

/** What a provider may be asked for, by all nodes together; null is no limit. */
const ProviderLimits = z.strictObject({
  requests_per_minute: limit(1_000_000_000).describe(
    "Requests in a minute, over all nodes; null: as many as there are.",
  ),
  tokens_per_minute: limit(1_000_000_000).describe(
    "Input and output tokens in a minute, over all nodes; null: as many as there are.",
  ),
  concurrency: limit(100_000).describe(
    "Requests in flight at the same time, over all nodes; null: as many as there are.",
  ),
});

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
  tools: z
    .boolean()
    .nullable()
    .default(null)
    .describe("Whether its models are given tools. Null: as the kind can; copilot never takes any."),
  limits: ProviderLimits.prefault({}).describe("What this provider may be asked for."),
});
export type ProviderConfig = z.infer<typeof ProviderConfig>;

const perMillion = z.number().min(0).max(1_000_000);

/** What a model costs, in US dollars per million tokens. */
export const ModelPrice = z.strictObject({
  input_per_million: perMillion.describe("US dollars for a million input tokens."),
  output_per_million: perMillion.describe("US dollars for a million output tokens, reasoning included."),
  cached_input_per_million: perMillion
    .nullable()
    .default(null)
    .describe("US dollars for a million input tokens from the provider's cache; null: as other input."),
});
export type ModelPrice = z.infer<typeof ModelPrice>;

/** What many workflows may spend together in one period. */
export const SharedBudget = Budget.omit({ max_duration_s: true });
export type SharedBudget = z.infer<typeof SharedBudget>;

const BudgetPeriods = z.strictObject({ day: SharedBudget.prefault({}), month: SharedBudget.prefault({}) });

/** Everything that can be configured, with its defaults; one frozen value per process. Paths are absolute once loaded. */
export const Config = z.strictObject({
  role: z
    .enum(["all", "api", "worker"])
    .default("all")
    .describe(
      "What this node does: answer the API, run workflows, or all. With SQLite there is one node, for all.",
    ),
  host: z.string().default("127.0.0.1").describe("Address to listen on."),
  port: z
    .int()
    .min(0)
    .max(65_535)
    .default(4700)
    .describe("Port to listen on; 0 takes a free one, as a worker does by default."),
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
  prices: z
    .record(z.string().regex(/^[^/\s]+\/\S*$/, "write it as provider/model"), ModelPrice)
    .default({})
    .describe(
      "Prices that hold over the built-in ones, by provider/model; a name that ends in / or - holds for all that begin so.",
    ),
  budgets: z
    .strictObject({
      tenant: BudgetPeriods.prefault({}).describe("What all workflows of a tenant may spend together."),
      scope: BudgetPeriods.prefault({}).describe("What all workflows of one scope may spend together."),
    })
    .prefault({})
    .describe("Days and months are those of UTC."),
  max_concurrent_workflows: z
    .int()
    .min(1)
    .max(10_000)
    .default(16)
    .describe("Workflows with running steps at the same time in this process."),
  max_concurrent_workflows_per_tenant: z
    .int()
    .min(1)
    .max(10_000)
    .nullable()
    .default(null)
    .describe(
      "As many of one tenant, for each node that works; null is three quarters, so that others find room.",
    ),
  max_request_bytes: z
    .int()
    .min(1)
    .max(16_777_216)
    .default(262_144)
    .describe("Longest accepted request, in bytes."),
  shutdown_timeout_s: z.int().min(0).max(600).default(15),
  sandbox: z
    .enum(["auto", "unsafe"])
    .default("auto")
    .describe(
      "auto: what models have written runs in bubblewrap (Linux) or seatbelt (macOS), or not at all. unsafe: it runs on this machine like any program of yours.",
    ),
  sandbox_hosts: z
    .array(z.string())
    .default([...USUAL_REGISTRIES])
    .describe(
      "Hosts that commands which prepare a build may reach; nothing else that runs in the sandbox has a network.",
    ),
  egress: z
    .strictObject({
      allowed_hosts: z
        .array(z.string().refine((entry) => allowedPlaces(entry) !== null, 'write "host" or "host:port"'))
        .default([])
        .describe(
          "Hosts, as name or name:port, that tools and repositories may reach although their address is private.",
        ),
    })
    .prefault({}),
  workspace: z
    .strictObject({
      allowed: z
        .array(z.string())
        .default([])
        .describe("Directories and https URLs whose repositories a workflow may start from; none as a rule."),
    })
    .prefault({}),
  mcp_servers: McpServers.default([]).describe("MCP servers whose tools roles may use; only defined here."),
  hooks: Hooks.prefault({}).describe("What may come in from outside and start workflows."),
  webhooks: WebhookEndpoints.default([]).describe("Who is told of what happens to workflows."),
  secrets: Secrets.prefault({}).describe("Where secret://NAME is looked for."),
  retention: z
    .strictObject({
      workflows_days: z
        .int()
        .min(1)
        .max(36_500)
        .nullable()
        .default(null)
        .describe(
          "Days after which closed workflows are deleted with all that belongs to them; null keeps them.",
        ),
    })
    .prefault({}),
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
      git: DeliveryGit.prefault({}).describe("The git-push action."),
      github: DeliveryGithub.prefault({}).describe("The actions github-pr, repo-commit and github-repo."),
      email: DeliveryEmail.nullable()
        .default(null)
        .describe("The mail server for the email action; null: there is no such action."),
    })
    .prefault({}),
});
export type Config = z.infer<typeof Config>;
