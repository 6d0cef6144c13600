import { put } from "./put.ts";
import type { Setting } from "./setting.ts";

/** One entry of the provider list with the settings that made it, by key, such as `limits.concurrency`. */
export type ProviderItem = {
  readonly name: string;
  readonly where: string;
  readonly values: Readonly<Record<string, unknown>>;
  readonly settings: ReadonlyMap<string, Setting>;
};

type Group = { readonly where: string; readonly inFile: boolean; readonly settings: Map<string, Setting> };

/**
 * Joins what file and environment say of one provider: the file lists them by index, the environment by name.
 * Those of the file come first, in its order. A later setting holds over an earlier one of the same key.
 */
export function mergeProviders(
  settings: readonly Setting[],
  problems: string[],
): { readonly items: readonly ProviderItem[]; readonly rest: readonly Setting[] } {
  const rest = settings.filter((setting) => setting.path[0] !== "providers");
  const own = settings.filter((setting) => setting.path[0] === "providers" && setting.path.length > 1);
  const groups = new Map<string, Group>();
  const listed = new Set<string>();
  const nameAt = namesInFile(own);
  for (const setting of own) {
    if (isDetected(setting) && hasOtherEndpoint(own, nameAt, setting.path[1] ?? "")) continue;
    const [, handle = "", ...keys] = setting.path;
    const key = keys.length === 0 ? undefined : keys.join(".");
    const fromFile = setting.origin.kind === "file";
    const name = fromFile ? (nameAt.get(handle) ?? handle) : handle;
    if (fromFile && key === undefined) {
      if (listed.has(name)) problems.push(`${setting.where}: providers: the name ${name} is used twice`);
      listed.add(name);
    }
    const group = groups.get(name) ?? { where: setting.where, inFile: fromFile, settings: new Map() };
    if (key !== undefined) group.settings.set(key, setting);
    groups.set(
      name,
      fromFile && key === undefined ? { ...group, inFile: true, where: setting.where } : group,
    );
  }
  const items = [...groups].map(([name, group]) => itemOf(name, group));
  const ordered = [...listed, ...groups.keys()];
  return { items: items.toSorted((a, b) => ordered.indexOf(a.name) - ordered.indexOf(b.name)), rest };
}

function namesInFile(settings: readonly Setting[]): ReadonlyMap<string, string> {
  const named = settings.filter(({ origin, path }) => origin.kind === "file" && path[2] === "name");
  return new Map(named.map(({ path, value }) => [path[1] ?? "", String(value)]));
}

function isDetected({ origin }: Setting): boolean {
  return origin.kind === "env" && !origin.name.startsWith("ORCA_");
}

/** Whether the file gives this name to something else than the vendor's own endpoint: its key must not travel there. */
function hasOtherEndpoint(
  settings: readonly Setting[],
  nameAt: ReadonlyMap<string, string>,
  name: string,
): boolean {
  return settings.some(({ origin, path, value }) => {
    if (origin.kind !== "file" || nameAt.get(path[1] ?? "") !== name) return false;
    return (path[2] === "kind" && value !== name) || (path[2] === "base_url" && value !== null);
  });
}

function itemOf(name: string, group: Group): ProviderItem {
  const values: Record<string, unknown> = group.inFile ? {} : { name };
  for (const [key, setting] of group.settings) put(values, key.split("."), setting.value);
  return { name, where: group.where, settings: group.settings, values };
}
