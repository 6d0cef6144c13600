type Node = { readonly key: string; readonly depends_on: readonly string[] };

/**
 * What is wrong with a graph of named nodes, in sentences that its author can act on; empty when it is sound.
 * `known` are keys outside this graph that may be depended upon.
 */
export function graphProblems(what: string, nodes: readonly Node[], known: ReadonlySet<string>): string[] {
  const problems: string[] = [];
  const keys = new Set<string>();
  for (const node of nodes) {
    if (keys.has(node.key)) problems.push(`${what} ${node.key} appears twice; every key is unique`);
    if (known.has(node.key)) problems.push(`${what} ${node.key} exists already; choose a new key`);
    keys.add(node.key);
  }
  for (const node of nodes) {
    for (const dependency of node.depends_on) {
      if (!keys.has(dependency) && !known.has(dependency)) {
        problems.push(`${what} ${node.key} depends on ${dependency}, which does not exist`);
      }
    }
  }
  const cycle = findCycle(nodes);
  if (cycle) problems.push(`${what}s depend on each other in a circle: ${cycle.join(" -> ")}`);
  return problems;
}

/** Keys along one cycle, the first repeated at the end; null when there is none. */
function findCycle(nodes: readonly Node[]): string[] | null {
  const waiting = new Map(nodes.map((node) => [node.key, new Set(node.depends_on)]));
  for (const [, dependencies] of waiting) {
    for (const key of dependencies) if (!waiting.has(key)) dependencies.delete(key);
  }
  const dependents = new Map<string, string[]>();
  for (const [key, dependencies] of waiting) {
    for (const dependency of dependencies) {
      const list = dependents.get(dependency);
      if (list) list.push(key);
      else dependents.set(dependency, [key]);
    }
  }
  const free = [...waiting].filter(([, dependencies]) => dependencies.size === 0).map(([key]) => key);
  for (let key = free.pop(); key !== undefined; key = free.pop()) {
    waiting.delete(key);
    for (const dependent of dependents.get(key) ?? []) {
      const rest = waiting.get(dependent);
      rest?.delete(key);
      if (rest?.size === 0) free.push(dependent);
    }
  }
  return walkCycle(waiting);
}

/** Every remaining node has a remaining dependency, so following them must come back. */
function walkCycle(waiting: ReadonlyMap<string, ReadonlySet<string>>): string[] | null {
  const path: string[] = [];
  let [key] = waiting.keys();
  while (key !== undefined) {
    const seen = path.indexOf(key);
    if (seen >= 0) return [...path.slice(seen), key];
    path.push(key);
    [key] = waiting.get(key) ?? [];
  }
  return null;
}

/** The nodes of a sound graph, each after those it depends on, otherwise in their given order; one node for a key. */
export function dependenciesFirst<T extends Node>(nodes: readonly T[]): T[] {
  const byKey = new Map(nodes.map((node) => [node.key, node]));
  const ordered: T[] = [];
  const placed = new Set<string>();
  const entered = new Set<string>();
  for (const root of nodes) {
    const stack = [root];
    for (let node = stack.at(-1); node !== undefined; node = stack.at(-1)) {
      entered.add(node.key);
      const missing = node.depends_on
        .map((key) => byKey.get(key))
        .find((other) => other && !entered.has(other.key));
      if (missing) {
        stack.push(missing);
        continue;
      }
      stack.pop();
      if (placed.has(node.key)) continue;
      placed.add(node.key);
      ordered.push(node);
    }
  }
  return ordered;
}
