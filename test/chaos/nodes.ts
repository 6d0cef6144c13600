import type { Chance } from "./chance.ts";
import type { ChaosNode, NodeLife } from "./node.ts";

/** A node as a client finds it; `instance_id` names the process that is there now. */
export type ReachedNode = { readonly url: string; readonly node: number; readonly instance_id: string };

/** The nodes of one installation, as clients see them: any of them will do. */
export class Nodes {
  readonly all: readonly ChaosNode[];

  constructor(all: readonly ChaosNode[]) {
    this.all = all;
  }

  get first(): ChaosNode {
    const [node] = this.all;
    if (!node) throw new Error("there are no nodes");
    return node;
  }

  get lives(): readonly NodeLife[] {
    return this.all.flatMap((node) => node.lives);
  }

  get ready(): readonly ChaosNode[] {
    return this.all.filter((node) => node.ready);
  }

  /** Any node that is up; waits for the first start while all are down. */
  async reach(chance: Chance): Promise<ReachedNode> {
    for (;;) {
      await Promise.race(this.all.map((node) => node.url()));
      const { ready } = this;
      if (ready.length === 0) continue;
      const node = chance.pick(ready);
      return { url: await node.url(), node: node.number, instance_id: node.life.instance_id ?? "" };
    }
  }

  async startAll(): Promise<void> {
    await Promise.all(this.all.filter((node) => !node.alive).map((node) => node.start()));
  }

  /** Throws when one of them has ended by itself. */
  assertSound(): void {
    for (const node of this.all) node.assertSound();
  }

  async stopAll(): Promise<void> {
    await Promise.all(this.all.filter((node) => node.alive).map((node) => node.stop()));
  }

  /** Leaves nothing behind, whatever state they are in. */
  async remove(): Promise<void> {
    await Promise.all(this.all.map((node) => node.remove()));
  }
}
