/** What an address asks for that no filter has: somebody wrote it by hand, or another version of the console did. Pure. */

export interface IgnoredValue {
  readonly name: string;
  readonly value: string;
}

/** Whether the parameter may have this value. */
export type KnownValue = (value: string) => boolean;

/** As many as are said. */
const MAX_SAID = 5;

/** Of the parameters that are known, the values that are not; those of `lists` are divided at commas. An empty one asks nothing. */
export function ignoredValues(
  query: string,
  known: Readonly<Record<string, KnownValue>>,
  lists: readonly string[] = [],
): readonly IgnoredValue[] {
  const parameters = new URLSearchParams(query);
  return Object.entries(known)
    .flatMap(([name, isKnown]) => {
      const text = parameters.get(name) ?? '';
      const values = lists.includes(name) ? text.split(',') : [text];
      return values.filter((value) => value !== '' && !isKnown(value)).map((value) => ({name, value}));
    })
    .slice(0, MAX_SAID);
}

export function oneOf(values: readonly string[]): KnownValue {
  return (value) => values.includes(value);
}
