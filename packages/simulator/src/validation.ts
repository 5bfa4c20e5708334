import type {z} from 'zod';

/** Checks data from outside. Throws a TypeError that names the field and what is wrong with it. */
export function checked<Value>(schema: z.ZodType<Value>, value: unknown, what: string): Value {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const place = [what, ...(issue?.path ?? []).map(String)].filter((part) => part !== '').join('.');
  const message = issue?.message ?? 'Invalid input';
  throw new TypeError(place === '' ? message : `${place}: ${message}`);
}
