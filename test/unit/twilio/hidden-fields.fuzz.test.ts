/**
 * A deciding field within another: found by one search through all fields run together, and here looked for in each of them by
 * itself. What is drawn are pieces of such fields, cut where they can run into each other. `FC_SEED=n` runs one again.
 */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {authenticateWebhook} from '../../../src/twilio/webhook/webhook.ts';
import {completedFields, signedRequest} from '../../support/twilio-requests.ts';

const RUNS = 6000;

const deciding =
  /AccountSidAC[0-9a-fA-F]{32}|CallSidCA[0-9a-fA-F]{32}|CallStatus(?:queued|initiated|ringing|in-progress|completed|busy|failed|no-answer|canceled)|ApiVersion\d{4}-\d{2}-\d{2}|SequenceNumber\d|CallDuration\d|Timestamp(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),|CallbackSourcecall-|Direction(?:inbound|outbound-|trunking-)/;
const beginning = new RegExp(`^(?:${deciding.source})`);

/** What the rule says of one field that has no shape of its own. */
const hides = ([name, value]: readonly [string, string]) =>
  deciding.test(value) || deciding.test(name) || beginning.test(name + value);

const hex = (length: number) => 'a1'.repeat(16).slice(0, length);
const piece = fc.constantFrom(
  ...[
    'AccountSid',
    'AC',
    'CallSid',
    'CA',
    hex(32),
    hex(31),
    hex(30),
    'A',
    'C',
    'D',
    'Ad',
    'CallStatus',
    'ringing',
    'ring',
    'ing',
  ],
  ...[
    'SequenceNumber',
    '3',
    'CallDuration',
    'Direction',
    'inbound',
    'in',
    'CallbackSource',
    'call-',
    'Timestamp',
    'Mon',
    'x',
    '',
  ],
);
const ofPieces = (max: number) => fc.array(piece, {maxLength: max}).map((pieces) => pieces.join(''));

/** Names of the fields that decide are left to themselves, and each other name comes once. */
const taken = new Set(completedFields.map(([name]) => name));
const others = new Set(
  'AnsweredBy ApplicationSid CallDuration Timestamp SequenceNumber CallbackSource Direction'.split(' '),
);
const extra = fc.tuple(
  ofPieces(3).filter((name) => name !== '' && name.length <= 128 && !taken.has(name) && !others.has(name)),
  ofPieces(5),
);

test('[H5] a field hides within another exactly where one of them says so by itself', () => {
  const seed = Number(process.env['FC_SEED'] ?? '20261128');
  let hidden = 0;
  fc.assert(
    fc.property(fc.uniqueArray(extra, {minLength: 1, maxLength: 4, selector: ([name]) => name}), (extras) => {
      const {kind} = authenticateWebhook(signedRequest([...completedFields, ...extras]));
      const expected = extras.some(hides) ? 'malformed' : 'authentic';
      if (expected === 'malformed') hidden += 1;
      assert.equal(kind, expected, JSON.stringify(extras));
    }),
    {seed, numRuns: RUNS},
  );
  assert.ok(hidden > RUNS / 100 && hidden < RUNS / 2, `${hidden} of ${RUNS} hid one`);
});
