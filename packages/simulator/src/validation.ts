import type {z} from 'zod';

/** Faults that an error names; the rest would not help. */
const MAX_ISSUES = 5;

/** Checks data from outside. Throws a TypeError that names each field and what is wrong with it. */
export function checked<Value>(schema: z.ZodType<Value>, value: unknown, what: string): Value {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.slice(0, MAX_ISSUES).map(({path, message}) => {
    const place = [what, ...path.map(String)].filter((part) => part !== '').join('.');
    return place === '' ? message : `${place}: ${message}`;
  });
  throw new TypeError(problems.join('; '));
}
