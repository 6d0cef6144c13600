import { join } from "node:path";

import type { Config } from "../config/config.ts";
import type { StepExecutor } from "../engine/step-executor.ts";
import { createTreeDiffs, type TreeDiffs } from "../engine/tree-diffs.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { Sandbox } from "../ports/sandbox.ts";
import type { Toolbox } from "../ports/toolbox.ts";
import type { Repositories, Workspaces } from "../ports/workspace.ts";
import { lazily } from "./lazily.ts";

/** Everything by which work is done and checked on this machine. Its parts are loaded when they are first used. */
export type Workbench = {
  readonly sandbox: Sandbox;
  readonly toolbox: Toolbox;
  readonly diffs: TreeDiffs;
  readonly repositories: Repositories;
  readonly validation: StepExecutor;
  readonly workspace: StepExecutor;
  close(): Promise<void>;
};

type Parts = { readonly config: Config; readonly clock: Clock; readonly logger: Logger };

export async function openWorkbench({ config, clock, logger }: Parts): Promise<Workbench> {
  const workspaces = lazyWorkspaces(join(config.data_dir, "workspaces"), logger);
  const sandbox = lazySandbox(config, logger);
  const contents = lazily(async () => {
    const { createContentChecker } = await import("../validation/content-checker.ts");
    return createContentChecker({ logger });
  });
  const repositories = await openRepositories(config, logger);
  const toolbox = lazily(async (): Promise<Toolbox> => {
    const { createToolbox } = await import("../tools/toolbox.ts");
    const { createCheckedHttp } = await import("../egress/checked-http.ts");
    const http = createCheckedHttp({ allowedHosts: config.egress.allowed_hosts, logger });
    return createToolbox({ sandbox, workspaces, http, others: await openMcp({ config, clock, logger }) });
  });
  const validation = lazily(async () => {
    const { createValidationExecutor } = await import("../engine/executors/validation-executor.ts");
    const { detectToolchains } = await import("../toolchains/detect-toolchains.ts");
    const { classifyOutcome } = await import("../toolchains/classify-outcome.ts");
    const checker = await contents.get();
    return createValidationExecutor({
      sandbox,
      workspaces,
      detectToolchains,
      classifyOutcome,
      contents: checker,
    });
  });
  const workspace = lazily(async () => {
    const { createWorkspaceExecutor } = await import("../engine/executors/workspace-executor.ts");
    return createWorkspaceExecutor({ repositories });
  });
  return {
    sandbox,
    toolbox: {
      open: async (scene) => (await toolbox.get()).open(scene),
      close: async () => (await toolbox.known)?.close(),
    },
    diffs: createTreeDiffs(workspaces),
    repositories,
    validation: async (context) => (await validation.get())(context),
    workspace: async (context) => (await workspace.get())(context),
    close: async () => {
      await (await toolbox.known)?.close();
      await (await contents.known)?.close();
      await sandbox.close();
    },
  };
}

function lazySandbox({ sandbox: mode, sandbox_hosts }: Config, logger: Logger): Sandbox {
  const opened = lazily(async () => {
    const { createSandbox } = await import("../sandbox/create-sandbox.ts");
    return createSandbox({ mode, logger, allowedHosts: sandbox_hosts });
  });
  return {
    health: async () => (await opened.get()).health(),
    run: async (command) => (await opened.get()).run(command),
    close: async () => (await opened.known)?.close(),
  };
}

function lazyWorkspaces(root: string, logger: Logger): Workspaces {
  const opened = lazily(async () => {
    const { createWorkspaces } = await import("../workspace/workspaces.ts");
    return createWorkspaces({ root, logger });
  });
  return {
    create: async (place, files) => (await opened.get()).create(place, files),
    diff: async (history, range) => (await opened.get()).diff(history, range),
  };
}

/** Only whoever allows some has to wait for what reads them. */
async function openRepositories({ workspace: { allowed } }: Config, logger: Logger): Promise<Repositories> {
  if (allowed.length > 0) {
    const { createRepositories } = await import("../workspace/repositories.ts");
    return createRepositories({ allowed, logger });
  }
  const refusal = "No repositories are allowed here; name them in workspace.allowed of the configuration.";
  return {
    refusalOf: () => refusal,
    read: async () => {
      const { RepositoryError } = await import("../ports/workspace.ts");
      throw new RepositoryError(refusal);
    },
  };
}

async function openMcp({ config, clock, logger }: Parts) {
  if (config.mcp_servers.length === 0) return null;
  const { createMcpToolSource } = await import("../mcp/tool-source.ts");
  const { createOperatorFetch } = await import("../egress/operator-fetch.ts");
  const { createPinFile } = await import("./pin-file.ts");
  return createMcpToolSource(config.mcp_servers, {
    logger,
    clock,
    egress: createOperatorFetch(),
    pins: createPinFile(join(config.data_dir, "mcp-pins.json")),
  });
}
