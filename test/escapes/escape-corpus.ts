/** What came out of a try; `escaped` says what was reached that must not be. */
export type Outcome = { readonly kind: "contained" } | { readonly kind: "escaped"; readonly what: string };

/** One way out that somebody might try. */
export type EscapeCase = {
  readonly name: string;
  /** Tries it, with the guard under test or, as the negative control, without it. */
  readonly attempt: (guarded: boolean) => Promise<Outcome>;
  /** Why even the unguarded try is contained on some machines (say, a kernel that refuses it); null: it must escape. */
  readonly controlMayHold: string | null;
};

export type EscapeCorpus = {
  readonly name: "sandbox" | "files" | "git" | "ssrf";
  /** The fewest cases that it must have. */
  readonly least: number;
  /** Sets up what the cases need, hands them out, and takes it down. Null with a reason when it can't run here. */
  readonly open: () => Promise<
    | { readonly cases: readonly EscapeCase[]; readonly close: () => Promise<void> }
    | { readonly unavailable: string }
  >;
};
