/** What the product promised and did not keep, with the place where it shows. */
export type Violation = {
  readonly invariant: string;
  readonly workflow: string | null;
  readonly step: string | null;
  readonly detail: string;
};

/** The first violated invariant of an experiment. */
export class ProvenWrong extends Error {
  override readonly name = "ProvenWrong";
  readonly violation: Violation;

  constructor(violation: Violation) {
    const { invariant, workflow, step, detail } = violation;
    super(`${invariant}: ${[workflow, step].filter((place) => place !== null).join(" ")} ${detail}`);
    this.violation = violation;
  }
}

/** For what no workflow can be named. */
export function provenWrong(invariant: string, detail: string, workflow: string | null = null): ProvenWrong {
  return new ProvenWrong({ invariant, workflow, step: null, detail });
}
