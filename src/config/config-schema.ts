import { distance } from "fastest-levenshtein";
import { z } from "zod";

import { Config } from "./config.ts";

/** The part of JSON Schema that zod writes for our settings. */
export type SchemaNode = {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly enum?: readonly string[];
};

/** JSON Schema of orca.yaml, for editors. Unlike the loader it does not ask for what the environment may bring. */
export function configJsonSchema(): Record<string, unknown> {
  const { required: _, ...schema } = z.toJSONSchema(Config, { io: "input" }) as Record<string, unknown>;
  return { title: "orca.yaml", description: "Configuration of ts-orca.", ...schema };
}

export const ROOT = configJsonSchema() as SchemaNode;

/** The schema of a setting, or undefined when there is none of that name. A list is entered by any key. */
export function nodeAt(path: readonly string[]): SchemaNode | undefined {
  let node: SchemaNode | undefined = ROOT;
  for (const key of path) {
    const properties: SchemaNode["properties"] = node.properties ?? {};
    if (node.items?.properties) node = node.items;
    else if (Object.hasOwn(properties, key)) node = properties[key];
    else return undefined;
    if (!node) return undefined;
  }
  return node;
}

export function typesOf(node: SchemaNode): readonly string[] {
  if (node.anyOf) return node.anyOf.flatMap(typesOf);
  return typeof node.type === "string" ? [node.type] : (node.type ?? []);
}

/** Dotted names of all settings that hold a value; those of a provider are left out, they depend on its name. */
export function settingNames(node: SchemaNode = ROOT, path: readonly string[] = []): string[] {
  if (!node.properties) return node.items?.properties ? [] : [path.join(".")];
  return Object.entries(node.properties).flatMap(([key, child]) => settingNames(child, [...path, key]));
}

/** `; did you mean x?` when a known name is near enough to be what was meant, else nothing. */
export function didYouMean(written: string, known: readonly string[]): string {
  const best = known
    .map((name) => ({ name, away: nearness(written, name) }))
    .toSorted((left, right) => left.away - right.away)[0];
  return best && best.away <= Math.max(2, written.length / 3) ? `; did you mean ${best.name}?` : "";
}

/** Edits between the names, or between `written` and the last part of `name`, so that a key in the wrong section is found. */
function nearness(written: string, name: string): number {
  const tail = name.slice(name.lastIndexOf(".") + 1);
  const writtenTail = written.slice(written.lastIndexOf(".") + 1);
  return Math.min(distance(written, name), distance(writtenTail, tail) + 0.5);
}
