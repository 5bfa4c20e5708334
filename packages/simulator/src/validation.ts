import type {z} from 'zod';

/** Maximum number of problems in an error message. */
const MAX_ISSUES = 5;

/** Validates external data. Throws a TypeError that names each invalid field and its problem. */
export function checked<Value>(schema: z.ZodType<Value>, value: unknown, what: string): Value {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.slice(0, MAX_ISSUES).map(({path, message}) => {
    const place = [what, ...path.map(String)].filter((part) => part !== '').join('.');
    return place === '' ? message : `${place}: ${message}`;
  });
  throw new TypeError(problems.join('; '));
}
