/** Validation messages for clients. Refinements have their own messages. */
import type {z} from 'zod';

/** Sentence parts that follow the field's name: `to: is required`. Passed to zod with each parse. */
export function describeIssue(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is required' : `must be ${withArticle(issue.expected)}`;
    case 'invalid_value':
      return `must be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`;
    case 'unrecognized_keys':
      return issue.keys.length === 1 ? 'is not a known field' : 'are not known fields';
    case 'too_big':
      return `must be at most ${issue.maximum}${unitOf(issue.origin)}`;
    case 'too_small':
      return `must be at least ${issue.minimum}${unitOf(issue.origin)}`;
    case 'invalid_union':
      return issue.note === 'No matching discriminator' ? 'is not a known message type' : undefined;
    case 'custom':
    case 'invalid_element':
    case 'invalid_format':
    case 'invalid_key':
    case 'not_multiple_of':
      return undefined;
    default:
      return undefined;
  }
}

/** The field of an issue; empty if the issue is about the whole input. */
export function fieldOf(issue: z.core.$ZodIssue | undefined): string {
  if (issue === undefined) return '';
  return issue.code === 'unrecognized_keys' ? issue.keys.join(', ') : issue.path.join('.');
}

function withArticle(noun: string): string {
  if (noun === 'int') return 'a whole number';
  return /^[aeio]/.test(noun) ? `an ${noun}` : `a ${noun}`;
}

function unitOf(origin: string): string {
  if (origin === 'string') return ' characters';
  return origin === 'array' ? ' items' : '';
}
