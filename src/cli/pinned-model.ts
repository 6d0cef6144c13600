/** Splits `provider/model`; a name without a slash is a model of whatever provider has it. */
export function pinnedModel(text: string): { readonly provider: string | null; readonly model: string } {
  const slash = text.indexOf("/");
  return slash > 0
    ? { provider: text.slice(0, slash), model: text.slice(slash + 1) }
    : { provider: null, model: text };
}
