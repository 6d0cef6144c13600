import { type Dispatcher, type DispatcherLimits, partsOf } from "./dispatcher.ts";

/**
 * Slots of a process that has its store to itself. Tenants take turns, and those of one tenant come in the order in
 * which they asked. It holds keys only; a workflow that waits for a slot costs no more than its name.
 */
export class InProcessDispatcher implements Dispatcher {
  readonly shared = false;
  readonly #limits: DispatcherLimits;
  readonly #activate: (key: string) => void;
  readonly #active = new Map<string, Set<string>>();
  /** By tenant; the tenant whose turn it is stands first. */
  readonly #waiting = new Map<string, Set<string>>();
  #taken = 0;
  #closed = false;

  constructor(limits: DispatcherLimits, activate: (key: string) => void) {
    this.#limits = limits;
    this.#activate = activate;
  }

  holds(key: string): boolean {
    return this.#active.get(tenantOf(key))?.has(key) ?? false;
  }

  get hasRoom(): boolean {
    return !this.#closed && this.#taken < this.#limits.workflows;
  }

  tryTake(key: string): boolean {
    const tenant = tenantOf(key);
    if (this.#closed || !this.#hasRoomFor(tenant)) return false;
    const mayTake = [...this.#waiting.keys()].some((other) => this.#hasRoomFor(other));
    if (mayTake && !this.#waiting.get(tenant)?.has(key)) return false;
    this.#take(tenant, key);
    return true;
  }

  enqueue(key: string): void {
    if (this.holds(key)) return;
    const tenant = tenantOf(key);
    const waiting = this.#waiting.get(tenant) ?? new Set();
    this.#waiting.set(tenant, waiting.add(key));
    this.#fill();
  }

  release(key: string): void {
    const tenant = tenantOf(key);
    const active = this.#active.get(tenant);
    if (!active?.delete(key)) return;
    if (active.size === 0) this.#active.delete(tenant);
    this.#taken -= 1;
    this.#fill();
  }

  postpone(key: string): void {
    this.release(key);
  }

  open(): void {
    this.#fill();
  }

  close(): void {
    this.#closed = true;
    this.#waiting.clear();
  }

  drained(): Promise<void> {
    return Promise.resolve();
  }

  #fill(): void {
    for (let turn = this.#nextTurn(); turn !== null; turn = this.#nextTurn()) {
      const [tenant, key] = turn;
      this.#take(tenant, key);
      const left = this.#waiting.get(tenant);
      if (left) {
        this.#waiting.delete(tenant);
        this.#waiting.set(tenant, left);
      }
      this.#activate(key);
    }
  }

  #nextTurn(): readonly [tenant: string, key: string] | null {
    if (this.#closed || this.#taken >= this.#limits.workflows) return null;
    for (const [tenant, keys] of this.#waiting) {
      const [key] = keys;
      if (key !== undefined && this.#hasRoomFor(tenant)) return [tenant, key];
    }
    return null;
  }

  #take(tenant: string, key: string): void {
    const waiting = this.#waiting.get(tenant);
    if (waiting?.delete(key) && waiting.size === 0) this.#waiting.delete(tenant);
    const active = this.#active.get(tenant) ?? new Set();
    this.#active.set(tenant, active.add(key));
    this.#taken += 1;
  }

  #hasRoomFor(tenant: string): boolean {
    const { workflows, perTenant } = this.#limits;
    return this.#taken < workflows && (this.#active.get(tenant)?.size ?? 0) < perTenant;
  }
}

function tenantOf(key: string): string {
  return partsOf(key).tenant_id;
}
