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

/** Finds the model that acts for a role. A pinned model is used or fails; it is never replaced. */
export class ModelRouter {
  readonly #catalogue: ModelCatalogue;
  readonly #defaultModel: () => Promise<string | null>;

  constructor(catalogue: ModelCatalogue, defaultModel: () => Promise<string | null>) {
    this.#catalogue = catalogue;
    this.#defaultModel = defaultModel;
  }

  /** Null when no model can act at all. `configured` is the default of the workflow's own configuration. */
  async route(state: WorkflowState, role: RoleName, configured: string | null): Promise<Route | null> {
    const pinned = await this.pinnedReference(state.settings.pinned);
    if (pinned !== null) return { reference: pinned, substituted: null };
    const fallback = await this.defaultReference(configured);
    const asked = role === "director" ? null : chosenByDirector(state, role);
    if (asked === null || asked === fallback)
      return fallback === null ? null : { reference: fallback, substituted: null };
    const known = await this.#catalogue.references();
    if (known.includes(asked)) return { reference: asked, substituted: null };
    if (fallback === null) return null;
    return {
      reference: fallback,
      substituted: { asked, reason: `${asked} is not in the catalogue of any configured provider` },
    };
  }

  /** The configured default, else the one the installation prefers; null when nothing is configured. */
  async defaultReference(configured: string | null): Promise<string | null> {
    return configured ?? (await this.#defaultModel());
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
    if (model === null) return null;
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
