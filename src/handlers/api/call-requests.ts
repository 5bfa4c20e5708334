/** Schemas for the bodies and queries of `/api/calls`. */
import {type CallOutcome, failureReasons} from '@hookswitch/protocol';
import {callSid} from '@hookswitch/protocol/schemas';
import {z} from 'zod';
import {AppError} from '../../errors/app-error.ts';
import type {ListCalls} from '../../services/calls/call-queries.ts';
import {numericCursor, pageLimit, parseInput, unlessEmpty} from './request-input.ts';

const NUMBER = '\\+[1-9]\\d{1,14}';
/**
 * An identity has up to 256 characters. After a question mark come custom parameters for the person who
 * answers.
 */
const CLIENT = 'client:[^\\s?<>"\\p{Cc}\\p{Cs}]{1,256}(?:\\?[^\\s<>"\\p{Cc}\\p{Cs}]{0,1024})?';
/** An address with its port and parameters. After a question mark come up to 1,024 characters of headers. */
const SIP = 'sips?:[^\\s?<>"\\p{Cc}\\p{Cs}]{1,255}(?:\\?[^\\s<>"\\p{Cc}\\p{Cs}]{0,1024})?';

/** E.164, or one of the two other kinds of address that Twilio dials. */
const party = z
  .string()
  .regex(
    new RegExp(`^(?:${NUMBER}|${CLIENT}|${SIP})$`, 'u'),
    'must be a number in E.164, with + and country code and without spaces (+14155550100), client:name or sip:user@host',
  );

const httpUrl = z.url({protocol: /^https?$/, error: 'must be an absolute http or https URL'}).max(2048);

const metadataValue = z.union([z.string().max(512), z.number(), z.boolean()], {
  error: 'must be a string of at most 512 characters, a number or a boolean',
});

/** Clients that build a body from a form or a record send `null` for missing values. */
function optional<T>(schema: z.ZodType<T>) {
  return schema.nullish().transform((value) => value ?? undefined);
}

/** `POST /api/calls`. Limits are Twilio's own (Twilio docs, "Call resource"). */
export const placeCallBody = z
  .strictObject({
    to: party,
    from: optional(party),
    twiml: optional(z.string().min(1).max(4000)),
    url: optional(httpUrl),
    connectTo: optional(party),
    timeout: optional(z.int().min(1).max(600)),
    record: optional(z.boolean()),
    machineDetection: optional(z.enum(['Enable', 'DetectMessageEnd'])),
    metadata: optional(
      z
        .record(z.string().min(1).max(64), metadataValue)
        .refine((metadata) => Object.keys(metadata).length <= 20, 'must have at most 20 keys'),
    ),
  })
  .refine(
    ({twiml, url, connectTo}) => [twiml, url, connectTo].filter((given) => given !== undefined).length <= 1,
    {path: ['twiml'], error: 'give only one of twiml, url and connectTo'},
  );

/** `POST /api/calls/:callSid/actions`. */
export const callActionBody = z.strictObject({action: z.literal('disconnect')});

/** Characters of `q`. */
const MAX_SEARCH_LENGTH = 100;

const NOT_AN_INSTANT = 'must be a time in ISO 8601 with its zone, as 2026-01-31T09:30:00Z';

/** In a query, a plus sign means a space: `+01:00` arrives as ` 01:00`. */
const LOST_PLUS = /\d \d{2}(?::?\d{2})?$/;

const instant = z.iso
  .datetime({
    offset: true,
    error: ({input}) =>
      typeof input === 'string' && LOST_PLUS.test(input)
        ? `${NOT_AN_INSTANT}; a + in a query means a space, so write it as %2B`
        : NOT_AN_INSTANT,
  })
  .transform((text) => Date.parse(text));

const outcomes: readonly string[] = ['completed', ...failureReasons] satisfies readonly CallOutcome[];

function isOutcome(text: string): text is CallOutcome {
  return outcomes.includes(text);
}

/** Given once with commas, or several times. */
const outcomeList = z.preprocess(
  (value) =>
    [value]
      .flat()
      .flatMap((each) => (typeof each === 'string' ? each.split(',') : []))
      .filter((each) => each !== ''),
  // The error is about the whole list, not its first item, so that it names the parameter.
  z
    .array(z.string())
    .refine((list) => list.every(isOutcome), `must be ${outcomes.join(', ')}`)
    .transform((list) => list.filter(isOutcome)),
);

/** `GET /api/calls`. Unknown parameters, such as a cache buster, are ignored. */
export const listCallsQuery = z
  .object({
    status: unlessEmpty(z.enum(['active', 'ended']).optional()),
    q: unlessEmpty(z.string().trim().max(MAX_SEARCH_LENGTH).optional()),
    outcome: outcomeList,
    direction: unlessEmpty(z.enum(['inbound', 'outbound']).optional()),
    from: unlessEmpty(instant.optional()),
    to: unlessEmpty(instant.optional()),
    legs: unlessEmpty(z.enum(['none']).optional()),
    limit: pageLimit,
    cursor: numericCursor,
  })
  .transform(
    ({status, q, outcome, from, to, cursor, ...rest}): ListCalls => ({
      ...rest,
      state: status,
      text: q,
      outcomes: outcome,
      createdFrom: from,
      createdBefore: to,
      before: cursor,
    }),
  );

/** `GET /api/calls/statistics`. */
export const statisticsQuery = z.object({
  from: unlessEmpty(instant.optional()),
  to: unlessEmpty(instant.optional()),
});

/** The client chooses the key. Any printable text is valid. */
const idempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 printable ASCII characters without spaces');

/** @throws AppError `invalid_request` */
export function parseIdempotencyKey(header: string | undefined): string | undefined {
  return header === undefined
    ? undefined
    : parseInput(z.object({'Idempotency-Key': idempotencyKey}), {'Idempotency-Key': header})[
        'Idempotency-Key'
      ];
}

/**
 * Text that is not a call SID is treated like a call that does not exist. @throws AppError `call_not_found`
 */
export function parseCallSid(text: string): string {
  const parsed = callSid.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new AppError('call_not_found', 'There is no such call.', {context: {callSid: text.slice(0, 64)}});
}
