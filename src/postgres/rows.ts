/** Typed access to values that the database returns. */

export type Row = Readonly<Record<string, unknown>>;

/** Reads a column that is always a number. */
export function numberOf(value: unknown): number {
  if (typeof value !== 'number') throw new TypeError(`a number was expected, not ${typeof value}`);
  return value;
}

/** Reads a column that is always a text. */
export function textOf(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError(`a text was expected, not ${typeof value}`);
  return value;
}

/** Reads a text that may be NULL. */
export function optionalTextOf(value: unknown): string | undefined {
  return value === null || value === undefined ? undefined : textOf(value);
}

/** Reads a number that may be NULL. */
export function optionalNumberOf(value: unknown): number | undefined {
  return value === null || value === undefined ? undefined : numberOf(value);
}
