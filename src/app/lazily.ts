/** Something that is made when it is first wanted; what fails is tried again then. */
export type Lazy<T> = {
  readonly get: () => Promise<T>;
  /** What there is by now, null when nobody has wanted it. */
  readonly known: Promise<T> | null;
};

export function lazily<T>(make: () => Promise<T>): Lazy<T> {
  let made: Promise<T> | null = null;
  return {
    get: () => {
      made ??= make().catch((error: unknown) => {
        made = null;
        throw error;
      });
      return made;
    },
    get known() {
      return made;
    },
  };
}
