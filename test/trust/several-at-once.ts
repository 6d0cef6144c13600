/** Does something with every value, so many at the same time. The first failure is thrown, once what had begun is done. */
export async function severalAtOnce<T>(
  values: readonly T[],
  most: number,
  act: (value: T) => Promise<void>,
): Promise<void> {
  const left = values.values();
  const failures: unknown[] = [];
  const work = async (): Promise<void> => {
    for (const value of left) {
      if (failures.length > 0) return;
      await act(value).catch((error: unknown) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: most }, work));
  if (failures.length > 0) throw failures[0];
}
