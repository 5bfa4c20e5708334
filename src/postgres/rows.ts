/** Typed access to what the database returns. */

export type Row = Readonly<Record<string, unknown>>;

/** A column that is always a number. */
export function numberOf(value: unknown): number {
  if (typeof value !== 'number') throw new TypeError(`a number was expected, not ${typeof value}`);
  return value;
}

/** A column that is always a text. */
export function textOf(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError(`a text was expected, not ${typeof value}`);
  return value;
}

/** A text that may be NULL. */
export function optionalTextOf(value: unknown): string | undefined {
  return value === null || value === undefined ? undefined : textOf(value);
}

/** A number that may be NULL. */
export function optionalNumberOf(value: unknown): number | undefined {
  return value === null || value === undefined ? undefined : numberOf(value);
}
