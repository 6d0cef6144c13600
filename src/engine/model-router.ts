import { OrcaError } from "../core/orca-error.ts";
import type { RoleName } from "../core/role-name.ts";
import { documentOf, type PinnedModel, type WorkflowState } from "../core/workflow/state.ts";
import { type ModelCatalogue, splitReference } from "./model-catalogue.ts";

export type Route = {
  /** Provider and model as provider/model. */
  readonly reference: string;
  /** Set when another model was asked for and can't be had. */
  readonly substituted: { readonly asked: string; readonly reason: string } | null;
};

const NO_MODEL =
  "No model is configured. Set OPENAI_API_KEY, ANTHROPIC_API_KEY, OLLAMA_HOST or COPILOT_GITHUB_TOKEN, or add a provider to orca.yaml; restart, then resume.";

/** Finds the model that acts for a role. A pinned model is used or fails; it is never replaced. */
export class ModelRouter {
  readonly #catalogue: ModelCatalogue;
  readonly #defaultModel: () => Promise<string | null>;

  constructor(catalogue: ModelCatalogue, defaultModel: () => Promise<string | null>) {
    this.#catalogue = catalogue;
    this.#defaultModel = defaultModel;
  }

  /** Null when no model can act: none is configured, or the pinned provider names none. `configured` is the default of the workflow's own configuration. */
  async route(state: WorkflowState, role: RoleName, configured: string | null): Promise<Route | null> {
    const pinned = await this.pinnedReference(state.settings.pinned);
    if (pinned !== null) return { reference: pinned, substituted: null };
    if (state.settings.pinned.provider !== null) return null;
    const fallback = await this.defaultReference(configured);
    const choice = role === "director" ? null : chosenByDirector(state, role);
    const asked = choice && (await this.#completed(choice));
    if (asked === null || asked === fallback)
      return fallback === null ? null : { reference: fallback, substituted: null };
    if (await this.#mayBeHad(asked)) return { reference: asked, substituted: null };
    if (fallback === null) return null;
    return {
      reference: fallback,
      substituted: { asked, reason: `${asked} is not in the catalogue of any configured provider` },
    };
  }

  /** A provider that does not list its models now is taken at the Director's word. */
  async #mayBeHad(reference: string): Promise<boolean> {
    const { provider, model } = splitReference(reference);
    if (!this.#catalogue.provider(provider)) return false;
    const known = await this.#catalogue.models(provider);
    return known === null || known.some((info) => info.id === model);
  }

  /** The workflow's configured default if its provider is still there, else the installation's; null when there is none. */
  async defaultReference(configured: string | null): Promise<string | null> {
    if (configured !== null && this.#catalogue.provider(splitReference(configured).provider))
      return configured;
    return this.#defaultModel();
  }

  /** Why neither the pinned model nor the default of a configuration can act; null when one can. */
  async refusalOf(pinned: PinnedModel, configured: string | null): Promise<string | null> {
    const reference = (await this.pinnedReference(pinned)) ?? (await this.defaultReference(configured));
    return reference === null ? this.withoutModel(pinned, configured) : null;
  }

  /** Why no model can act and what to do, in words for a person. */
  withoutModel({ provider }: PinnedModel, configured: string | null): string {
    const names = this.#catalogue.providerNames;
    const [first] = names;
    const homeless = configured !== null && !this.#catalogue.provider(splitReference(configured).provider);
    const missing = homeless ? `There is no provider for the default model ${configured}. ` : "";
    if (first === undefined) return missing + NO_MODEL;
    if (homeless && provider === null) {
      return `${missing}Configure it, or set ORCA_DEFAULT_MODEL to a model of ${names.join(", ")}; restart, then resume.`;
    }
    return `${provider ?? names.join(", ")} names no model: its list is empty or can't be read. Start it or mend its key, set ORCA_DEFAULT_MODEL=${provider ?? first}/<model>, or pin a model; then resume.`;
  }

  /** The models a Director may choose from. */
  async choices(state: WorkflowState): Promise<string[]> {
    const pinned = await this.pinnedReference(state.settings.pinned);
    return pinned === null ? this.#catalogue.references() : [pinned];
  }

  /** What the caller pinned, completed to provider/model; null when nothing is pinned. */
  async pinnedReference(pinned: PinnedModel): Promise<string | null> {
    const { provider, model } = pinned;
    if (provider !== null) {
      if (model !== null) return `${provider}/${model}`;
      const fallback = await this.#defaultModel();
      if (fallback !== null && splitReference(fallback).provider === provider) return fallback;
      const [first] = (await this.#catalogue.models(provider)) ?? [];
      return first ? `${provider}/${first.id}` : null;
    }
    return model === null ? null : this.#completed(model);
  }

  /** A model by its bare name is that of the first provider that lists it. */
  async #completed(model: string): Promise<string> {
    if (this.#catalogue.provider(splitReference(model).provider)) return model;
    const known = await this.#catalogue.references();
    return known.find((reference) => splitReference(reference).model === model) ?? model;
  }

  /** Refuses a pin that can't work, as far as the catalogues tell. */
  async checkPin(pinned: PinnedModel): Promise<void> {
    const { provider, model } = pinned;
    const names = this.#catalogue.providerNames;
    if (provider !== null && !names.includes(provider)) {
      throw new OrcaError(
        "unknown_provider",
        `There is no provider ${provider}. ${listed("Configured", names)}`,
        [{ pointer: "/provider", detail: "not configured" }],
      );
    }
    if (model === null) return;
    const reference = await this.pinnedReference(pinned);
    const named = splitReference(reference ?? model);
    const known = await this.#catalogue.models(named.provider);
    if (known === null && names.includes(named.provider)) return;
    if (known?.some((info) => info.id === named.model)) return;
    throw new OrcaError(
      "unknown_model",
      `There is no model ${model}${provider === null ? "" : ` at ${provider}`}. GET /api/v1/providers/{name}/models lists them.`,
      [{ pointer: "/model", detail: "not in the catalogue" }],
    );
  }
}

function listed(what: string, names: readonly string[]): string {
  return names.length === 0 ? "No provider is configured." : `${what}: ${names.join(", ")}.`;
}

function chosenByDirector(state: WorkflowState, role: RoleName): string | null {
  const brief = documentOf(state, "brief");
  if (!brief) return null;
  return brief.role_models.find((choice) => choice.role === role)?.model ?? (brief.model || null);
}
