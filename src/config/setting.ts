/** Where a value comes from. */
export type Origin =
  | { readonly kind: "default" }
  | { readonly kind: "file"; readonly file: string; readonly line: number }
  | { readonly kind: "env"; readonly name: string }
  | { readonly kind: "flag"; readonly name: string };

/** One value that somebody gave. `path` names it from the root; a provider stands under `providers` by its name or index. */
export type Setting = {
  readonly path: readonly string[];
  readonly value: unknown;
  readonly origin: Origin;
  /** Place for messages: `orca.yaml:3:7`, `ORCA_PORT`, `--port`. */
  readonly where: string;
  /** Relative paths in the value are relative to this directory. */
  readonly base: string;
};

/** What one source brought, its problems included, so that all of them can be told at once. */
export type Source = {
  readonly settings: readonly Setting[];
  readonly problems: readonly string[];
  /** What is accepted and should be written otherwise. */
  readonly warnings?: readonly string[];
};

export function originText(origin: Origin): string {
  switch (origin.kind) {
    case "default":
      return "default";
    case "file":
      return `${origin.file}:${origin.line}`;
    case "env":
      return `env ${origin.name}`;
    case "flag":
      return `flag ${origin.name}`;
  }
}
