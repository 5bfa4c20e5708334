/**
 * Finds filter values in the URL that do not exist, for example from a typo or another version of the
 * console. Pure.
 */

export interface IgnoredValue {
  readonly name: string;
  readonly value: string;
}

/** Whether the parameter may have this value. */
export type KnownValue = (value: string) => boolean;

/** Maximum number of values to show. */
const MAX_SHOWN = 5;

/**
 * The unknown values of known parameters. Parameters in `lists` are split at commas. Empty values are
 * ignored.
 */
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
    .slice(0, MAX_SHOWN);
}

export function oneOf(values: readonly string[]): KnownValue {
  return (value) => values.includes(value);
}
