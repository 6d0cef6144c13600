import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname } from "node:path";

import type * as Yaml from "yaml";
import type { Document, LineCounter, Node, YAMLMap } from "yaml";

import { ConfigError } from "./config-error.ts";
import { didYouMean, ROOT, type SchemaNode, settingNames } from "./config-schema.ts";
import { holdsPassword } from "./database-url.ts";
import type { Environment } from "./environment.ts";
import { fromText } from "./from-text.ts";
import type { Setting, Source } from "./setting.ts";

const REFERENCE = /\$(\$)?\{([A-Za-z_]\w*)(?::-([^}]*))?\}/g;
const ONLY_A_REFERENCE = /^\$\{[A-Za-z_]\w*\}$/;

const load = createRequire(import.meta.url);

type Reading = {
  readonly yaml: typeof Yaml;
  readonly file: string;
  readonly env: Environment;
  readonly document: Document;
  readonly lines: LineCounter;
  readonly settings: Setting[];
  readonly problems: string[];
  readonly warnings: string[];
};

/** Reads orca.yaml. Throws a ConfigError when it can't be read or is no YAML; finer problems are in the answer. */
export function readConfigFile(file: string, env: Environment): Source {
  // Loaded here: a start without a file need not wait for its 72 modules.
  const yaml = load("yaml") as typeof Yaml;
  const lines = new yaml.LineCounter();
  const document = yaml.parseDocument(readText(file), { lineCounter: lines, prettyErrors: false });
  const broken = document.errors[0];
  if (broken) {
    const { line, col } = lines.linePos(broken.pos[0]);
    throw new ConfigError([`${basename(file)}:${line}:${col}: ${broken.message}`]);
  }
  const reading: Reading = { yaml, file, env, document, lines, settings: [], problems: [], warnings: [] };
  if (document.contents !== null) readNode(reading, document.contents, [], ROOT);
  return reading;
}

function readText(file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    const why = error instanceof Error && "code" in error ? String(error.code) : "";
    const reason = {
      ENOENT: "there is no such file",
      EACCES: "it may not be read",
      EISDIR: "it is a directory",
    }[why];
    throw new ConfigError([`configuration file ${file}: ${reason ?? (error as Error).message}`]);
  }
}

function readNode(reading: Reading, given: Node, path: readonly string[], schema: SchemaNode): void {
  const { isAlias, isMap, isScalar, isSeq } = reading.yaml;
  const node = isAlias(given) ? given.resolve(reading.document) : given;
  const empty = node === undefined || (isScalar(node) && node.value === null);
  if (schema.properties) {
    if (isMap<Node, Node | null>(node)) readMap(reading, node, path, schema.properties);
    else if (!empty) problem(reading, given, path, "expected keys with values");
  } else if (schema.items?.properties) {
    if (isSeq(node)) {
      for (const [index, item] of node.items.entries()) {
        keep(reading, item as Node, [...path, String(index)], undefined);
        readNode(reading, item as Node, [...path, String(index)], schema.items);
      }
    } else if (!empty) problem(reading, given, path, "expected a list");
  } else if (node !== undefined) {
    readValue(reading, node, path, schema);
  }
}

function readMap(
  reading: Reading,
  map: YAMLMap<Node, Node | null>,
  path: readonly string[],
  properties: Readonly<Record<string, SchemaNode>>,
): void {
  for (const { key, value } of map.items) {
    const name = reading.yaml.isScalar(key) ? String(key.value) : key.toString();
    const schema = Object.hasOwn(properties, name) ? properties[name] : undefined;
    const full = [...path, name];
    if (!schema) {
      const known =
        path[0] === "providers" ? Object.keys(properties) : [...Object.keys(properties), ...settingNames()];
      reading.problems.push(
        `${place(reading, key)}: unknown key ${full.join(".")}${didYouMean(name, known) || thereAre(properties)}`,
      );
    } else if (value) readNode(reading, value, full, schema);
  }
}

function thereAre(properties: Readonly<Record<string, SchemaNode>>): string {
  return `; there are ${Object.keys(properties).join(", ")}`;
}

function readValue(reading: Reading, node: Node, path: readonly string[], schema: SchemaNode): void {
  const raw: unknown = node.toJS(reading.document);
  const advice = adviceOnLiteral(path.at(-1), raw);
  if (advice !== null) return problem(reading, node, path, advice);
  // Without any variable what is left is what anybody who reads the file can see.
  if (path.join(".") === "database" && holdsPassword(String(interpolate(raw, {}, [])))) {
    const inClear = "holds a password in clear; write it as ${VARIABLE}";
    reading.warnings.push(`${place(reading, node)}: database: ${inClear}`);
  }
  const unset: string[] = [];
  const value = interpolate(raw, reading.env, unset);
  for (const name of unset) problem(reading, node, path, `the environment variable ${name} is not set`);
  if (unset.length > 0) return;
  const retyped = typeof raw === "string" && typeof value === "string" && raw !== value;
  keep(reading, node, path, retyped ? fromText(value, schema) : value);
}

const KEYS: ReadonlySet<string> = new Set(["api_key", "key", "previous_key"]);

/** What to write in the place of a secret that stands in the file; null when none does. */
function adviceOnLiteral(key: string | undefined, given: unknown): string | null {
  // A key may consist of digits alone.
  const raw = typeof given === "number" ? String(given) : given;
  if (typeof raw !== "string" || ONLY_A_REFERENCE.test(raw)) return null;
  if (key !== undefined && KEYS.has(key))
    return "a key does not belong in a file; write ${VARIABLE} and set that variable";
  if ((key !== "secret" && key !== "previous_secret") || raw.startsWith("secret://")) return null;
  return "a secret does not belong in a file; write ${VARIABLE}, or secret://NAME of the tenant";
}

/** Fills in `${VAR}` and `${VAR:-default}`; `$${VAR}` stands for the text itself. Names of unset variables go to `unset`. */
function interpolate(value: unknown, env: Environment, unset: string[]): unknown {
  if (Array.isArray(value)) return value.map((item) => interpolate(item, env, unset));
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(([key, item]) => [key, interpolate(item, env, unset)] as const);
    return Object.fromEntries(entries);
  }
  if (typeof value !== "string") return value;
  return value.replaceAll(
    REFERENCE,
    (whole, escaped: string | undefined, name: string, fallback?: string) => {
      if (escaped !== undefined) return whole.slice(1);
      const found = env[name] === "" ? undefined : env[name];
      if (found === undefined && fallback === undefined) unset.push(name);
      return found ?? fallback ?? "";
    },
  );
}

function keep(reading: Reading, node: Node, path: readonly string[], value: unknown): void {
  const { line } = reading.lines.linePos(node.range?.[0] ?? 0);
  reading.settings.push({
    path,
    value,
    origin: { kind: "file", file: reading.file, line },
    where: place(reading, node),
    base: dirname(reading.file),
  });
}

function problem(reading: Reading, node: Node, path: readonly string[], message: string): void {
  reading.problems.push(`${place(reading, node)}: ${path.join(".") || "the file"}: ${message}`);
}

function place(reading: Reading, node: Node): string {
  const { line, col } = reading.lines.linePos(node.range?.[0] ?? 0);
  return `${basename(reading.file)}:${line}:${col}`;
}
