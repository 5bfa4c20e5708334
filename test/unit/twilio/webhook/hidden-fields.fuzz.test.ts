/**
 * Pieces of control fields in other fields, cut where they can run into each other: none of them changes which call an event is
 * about or its state, and only a text that names another call is refused. `FC_SEED=n` runs one again.
 */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {authenticateWebhook, toStatusEvent} from '../../../../src/twilio/webhook/webhook.ts';
import {
  CALL_SID,
  completedFields,
  PARENT_SID,
  signedRequest,
} from '../../../support/twilio/twilio-requests.ts';

const RUNS = 6000;

/** Every sid that stands behind `CallSid` somewhere in a text, looked for character by character. */
function namedCalls(text: string): string[] {
  const named: string[] = [];
  for (let at = text.indexOf('CallSidCA'); at !== -1; at = text.indexOf('CallSidCA', at + 1)) {
    const sid = text.slice(at + 7, at + 41);
    if (/^CA[0-9a-fA-F]{32}$/.test(sid)) named.push(sid);
  }
  return named;
}

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

test('[H5] whatever other fields hold, the event is about the same call in the same state, or two calls are named', () => {
  const seed = Number(process.env['FC_SEED'] ?? '20261128');
  let refused = 0;
  fc.assert(
    fc.property(fc.uniqueArray(extra, {minLength: 1, maxLength: 4, selector: ([name]) => name}), (extras) => {
      const result = authenticateWebhook(signedRequest([...completedFields, ...extras]));
      if (result.kind === 'authentic') {
        const {callSid, providerStatus} = toStatusEvent({...result, receivedAt: 0, route: 'status'});
        assert.deepEqual([callSid, providerStatus], [CALL_SID, 'completed']);
        return;
      }
      assert.equal(result.kind, 'malformed');
      refused += 1;
      const text = extras
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .flat()
        .join('');
      // A value and the name behind it can look like one together, whatever stands between the two.
      assert.ok(
        namedCalls(text).some((sid) => ![CALL_SID, PARENT_SID].includes(sid)) || /CallSid?(?:CA)?/.test(text),
        JSON.stringify(extras),
      );
    }),
    {seed, numRuns: RUNS},
  );
  assert.ok(refused > 0 && refused < RUNS / 2, `${refused} of ${RUNS} named two calls`);
});
