/** `id, name and 3 more`: the first `most` of these, and how many there are besides. */
export function firstFew(names: readonly string[], most: number): string {
  const named = names.slice(0, most).join(", ");
  return names.length > most ? `${named} and ${names.length - most} more` : named;
}
