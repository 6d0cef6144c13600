import { knownForms, linesOf } from "./known-forms.ts";

/** A text without the secrets of a list. */
export type Redactor = (text: string) => string;

/**
 * Replaces every known value, also as base64, hexadecimal, reversed, URL-encoded or JSON text, by `[secret NAME]`. A value
 * below 8 characters stays: it would be found everywhere.
 */
export function createRedactor(values: Iterable<readonly [name: string, value: string]>): Redactor {
  const forms = [...values]
    .flatMap(([name, value]) => [...knownForms(value), ...linesOf(value)].map((form) => ({ form, name })))
    .toSorted((left, right) => right.form.length - left.form.length);
  return (text) =>
    forms.reduce(
      // As a function: in a text `$&` would stand for what was found.
      (left, { form, name }) => left.replaceAll(form, () => `[secret ${name}]`),
      text,
    );
}
