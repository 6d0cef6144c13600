import { WorkflowConfig } from "../core/workflow-config.ts";
import type { WorkflowState } from "../core/workflow/state.ts";
import type { Storage } from "../ports/storage.ts";

/** The configurations that workflows were created under, each read once. */
export class WorkflowConfigs {
  readonly #storage: Pick<Storage, "forTenant">;
  readonly #known = new Map<string, Promise<WorkflowConfig>>();

  constructor(storage: Pick<Storage, "forTenant">) {
    this.#storage = storage;
  }

  of(tenantId: string, { settings: { config_hash: hash } }: WorkflowState): Promise<WorkflowConfig> {
    const known = this.#known.get(hash) ?? this.#read(tenantId, hash);
    this.#known.set(hash, known);
    return known;
  }

  async #read(tenantId: string, hash: string): Promise<WorkflowConfig> {
    try {
      const stored = await this.#storage.forTenant(tenantId).readBlob(hash);
      if (stored === null) throw new Error(`the configuration ${hash} of a workflow is not stored`);
      return WorkflowConfig.parse(JSON.parse(stored));
    } catch (error) {
      this.#known.delete(hash);
      throw error;
    }
  }
}
