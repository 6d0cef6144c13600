import type { FileCheck } from "../core/check.ts";

export type NamedText = readonly [path: string, content: string];

/** What the content process is asked to do: one at a time. */
export type ContentJob =
  | { readonly kind: "file"; readonly check: FileCheck; readonly bytes: Uint8Array }
  /** `paths` are all files of the tree, which links may lead to. */
  | {
      readonly kind: "documents";
      readonly documents: readonly NamedText[];
      readonly paths: readonly string[];
    }
  | { readonly kind: "data"; readonly data: readonly NamedText[] };

/** Notes are told but do not fail. */
export type ContentFindings = { readonly problems: readonly string[]; readonly notes: readonly string[] };

/** What the content process says: it has loaded, which file it is at, and what it found. */
export type FromContentProcess = { readonly ready: true } | { readonly at: string } | ContentFindings;
