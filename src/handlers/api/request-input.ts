/** Schemas that all routes share, and the validation of input. */
import {z} from 'zod';
import {AppError} from '../../errors/app-error.ts';
import {describeIssue, fieldOf} from '../http/validation-messages.ts';

const MAX_PAGE = 200;
const DEFAULT_PAGE = 50;

/** The error for a cursor that no response of ours contains. */
export const NOT_A_CURSOR = 'must be the nextCursor of an earlier response';

/** A form also sends its empty fields: `?status=&limit=` sets nothing. */
export function unlessEmpty<T>(schema: z.ZodType<T>) {
  return z.preprocess((value) => (value === '' ? undefined : value), schema);
}

/** `limit` of a page: 50 by default. Larger values are reduced to 200. */
export const pageLimit = unlessEmpty(
  z.coerce
    .number()
    .min(1)
    .refine(Number.isInteger, 'must be a whole number')
    .transform((limit) => Math.min(limit, MAX_PAGE))
    .default(DEFAULT_PAGE),
);

/** A cursor that is an offset or an id, above 0. */
export const numericCursor = unlessEmpty(
  z
    .string()
    .regex(/^[1-9]\d{0,14}$/, NOT_A_CURSOR)
    .transform(Number)
    .optional(),
);

/** @throws AppError `invalid_request` naming the first field at fault */
export function parseInput<T>(schema: z.ZodType<T>, input: unknown): T {
  const parsed = schema.safeParse(input, {error: describeIssue});
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = fieldOf(issue);
  const fault = issue?.message ?? 'is not valid';
  throw new AppError('invalid_request', field === '' ? `The request ${fault}.` : `${field}: ${fault}.`, {
    context: {
      field,
      faults: parsed.error.issues.slice(0, 10).map((each) => ({field: fieldOf(each), fault: each.message})),
    },
  });
}
