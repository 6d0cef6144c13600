import { ConfigError } from "../config/config-error.ts";
import type { Config } from "../config/config.ts";
import type { GithubHook } from "../config/hooks.ts";
import { OrcaError } from "../core/orca-error.ts";
import type { DeliveryRequest } from "../core/workflow/delivery-state.ts";
import { checkDelivery } from "../engine/check-delivery.ts";
import { hookDelivery, hookWorkspace } from "../hooks/github/hook-request.ts";
import type { DeliveryAction } from "../ports/delivery-action.ts";
import type { Repositories } from "../ports/workspace.ts";

type Parts = {
  readonly config: Pick<Config, "hooks" | "delivery" | "workflow">;
  readonly actions: ReadonlyMap<string, DeliveryAction>;
  readonly repositories: Pick<Repositories, "refusalOf">;
};

/** Any issue will do: their numbers come with the events. */
const SOME_ISSUE = 1;

/** Throws a ConfigError that names every setting with which a workflow of a hook would be refused, whoever asks for it. */
export function checkHooks({ config, actions, repositories }: Parts): void {
  const webUrl = config.delivery.github.web_url;
  const allowed = config.workflow.delivery_actions;
  const problemsOf = (hook: GithubHook, repository: string): string[] => {
    const delivery = hookDelivery(hook, repository, SOME_ISSUE);
    const workspace = hookWorkspace(hook, { repository, webUrl });
    const refusal = workspace === null ? null : repositories.refusalOf(workspace);
    return [
      ...(delivery === null ? [] : deliveryProblems(actions, delivery, allowed)),
      ...(refusal === null ? [] : [`workspace: ${repository}: ${refusal} Or set it to false.`]),
    ].map((problem) => `hooks.github[${hook.name}].${problem}`);
  };
  const problems = config.hooks.github.flatMap((hook) =>
    hook.repositories.flatMap((repository) => problemsOf(hook, repository)),
  );
  if (problems.length > 0) throw new ConfigError([...new Set(problems)]);
}

function deliveryProblems(
  actions: ReadonlyMap<string, DeliveryAction>,
  delivery: DeliveryRequest,
  allowed: readonly string[] | null,
): string[] {
  try {
    checkDelivery(actions, delivery, allowed);
    return [];
  } catch (error) {
    if (!(error instanceof OrcaError)) throw error;
    return error.details.map(({ pointer, detail }) => {
      const setting = pointer.slice(1).replaceAll("/", ".");
      return `${setting}: ${error.message}${setting === "delivery.action" ? "" : ` ${detail}`}`;
    });
  }
}
