import { createHash } from "node:crypto";

import { z } from "zod";

import { firstFew } from "../core/first-few.ts";
import type { ListedTool } from "./read-listing.ts";

/**
 * Keeps what was approved of each server, for longer than this process. `approved` is text to be kept as it is; it
 * holds the hash of all tools and that of each, so that a change can be told by name.
 */
export interface PinStore {
  get(server: string): Promise<string | null>;
  set(server: string, approved: string): Promise<void>;
}

const Approved = z.strictObject({ hash: z.string(), tools: z.record(z.string(), z.string()) });
export type Approved = z.infer<typeof Approved>;

/** Of all that a model or the journal goes by: name, description, schema, and whether it calls itself read-only. */
export function digestOf(tool: Omit<ListedTool, "digest">): string {
  return sha256(canonicalJson(tool));
}

export function approvalOf(tools: ReadonlyMap<string, ListedTool>): Approved {
  const sorted = [...tools.values()].toSorted((left, right) => (left.name < right.name ? -1 : 1));
  const hashed = sorted.map(({ name, description, input_schema, read_only }) => ({
    name,
    description,
    input_schema,
    read_only,
  }));
  return {
    hash: sha256(canonicalJson(hashed)),
    tools: Object.fromEntries(sorted.map(({ name, digest }) => [name, digest])),
  };
}

/** Null when the kept text cannot be understood. */
export function readApproved(text: string): Approved | null {
  try {
    return Approved.parse(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return null;
    throw error;
  }
}

/** What has changed since, such as `changed: read_file; new: delete_file`. */
export function describeChange(before: Approved | null, after: Approved): string {
  if (before === null) return "which tool changed is not known";
  const kinds = {
    changed: names(after).filter((name) => has(before, name) && before.tools[name] !== after.tools[name]),
    new: names(after).filter((name) => !has(before, name)),
    gone: names(before).filter((name) => !has(after, name)),
  };
  const parts = Object.entries(kinds).filter(([, list]) => list.length > 0);
  if (parts.length === 0) return "which tool changed is not known";
  return parts.map(([kind, list]) => `${kind}: ${firstFew(list, 10)}`).join("; ");
}

/** JSON with the keys of objects sorted, so that the same value has the same text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === "object" && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).toSorted(([left], [right]) => (left < right ? -1 : 1)))
      : item,
  );
}

function names(approved: Approved): string[] {
  return Object.keys(approved.tools);
}

function has(approved: Approved, name: string): boolean {
  return Object.hasOwn(approved.tools, name);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
