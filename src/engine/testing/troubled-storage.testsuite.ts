import type { Commit, CommitResult } from "../../core/workflow/commit.ts";
import { type Storage, StorageError, type TenantStorage } from "../../ports/storage.ts";

type Method = (...input: never[]) => Promise<unknown>;

/** Real storage with a hand in the way of every call. */
export class TroubledStorage implements Storage {
  readonly inner: Storage;
  readonly system: Storage["system"];
  readonly cluster: Storage["cluster"];
  readonly limitStore: Storage["limitStore"];
  /** Set: whatever is asked is refused with it. */
  outage: StorageError | null = null;
  /** Set: what is written is refused with it; reading works. */
  writeOutage: StorageError | null = null;
  /** Runs before each commit; may write something itself, through `inner`. */
  beforeCommit: ((commit: Commit) => Promise<void> | void) | null = null;
  /** Whether the answer to this commit gets lost although it was applied. */
  loses: (commit: Commit) => boolean = () => false;
  /** Workflows that were read whole, in order. */
  readonly loaded: string[] = [];
  refusals = 0;
  #severed = false;

  constructor(inner: Storage) {
    this.inner = inner;
    this.system = this.#guard(inner.system, {});
    this.cluster = inner.cluster;
    this.limitStore = inner.limitStore;
  }

  forTenant(tenantId: string): TenantStorage {
    const tenant = this.inner.forTenant(tenantId);
    return this.#guard(tenant, {
      commit: (commit: Commit) => this.#commit(tenant, commit),
      loadWorkflow: (id: string) => {
        this.loaded.push(id);
        return tenant.loadWorkflow(id);
      },
    });
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  /** From now on nothing is heard of it any more, as after a kill; what was written stays. */
  async sever(): Promise<void> {
    this.#severed = true;
    await this.inner.close();
  }

  async #commit(tenant: TenantStorage, commit: Commit): Promise<CommitResult> {
    await this.beforeCommit?.(commit);
    if (this.writeOutage) throw this.#refusal(this.writeOutage);
    const result = await tenant.commit(commit);
    if (this.loses(commit)) throw this.#refusal(unreachable());
    return result;
  }

  #guard<T extends object>(target: T, replaced: Readonly<Record<string, unknown>>): T {
    return new Proxy(target, {
      get: (_target, name) => {
        const value: unknown = replaced[String(name)] ?? Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        return (...input: never[]) => this.#pass(() => (value as Method).apply(target, input));
      },
    });
  }

  async #pass(work: () => Promise<unknown>): Promise<unknown> {
    if (this.#severed) return new Promise(() => undefined);
    if (this.outage) throw this.#refusal(this.outage);
    const result = await work();
    return this.#severed ? new Promise(() => undefined) : result;
  }

  #refusal(error: StorageError): StorageError {
    this.refusals += 1;
    return error;
  }
}

export function unreachable(): StorageError {
  return new StorageError("storage_unreachable", "The database does not answer.");
}
