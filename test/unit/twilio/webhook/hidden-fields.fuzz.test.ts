/**
 * Fragments of control fields inside other fields, cut so that they can run together.
 *
 * None of them changes the call or the status of an event. Only a text that names another call is refused.
 * `FC_SEED=n` repeats a run.
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

/** Every sid that follows `CallSid` anywhere in a text, found character by character. */
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

/** Keeps the names of control fields out, and uses each other name once. */
const taken = new Set(completedFields.map(([name]) => name));
const others = new Set(
  'AnsweredBy ApplicationSid CallDuration Timestamp SequenceNumber CallbackSource Direction'.split(' '),
);
const extra = fc.tuple(
  ofPieces(3).filter((name) => name !== '' && name.length <= 128 && !taken.has(name) && !others.has(name)),
  ofPieces(5),
);

test('[H5] for any other fields, the event has the same call and the same state, or two calls are named', () => {
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
      // A value and the name after it can look like one field even with text between them.
      assert.ok(
        namedCalls(text).some((sid) => ![CALL_SID, PARENT_SID].includes(sid)) || /CallSid?(?:CA)?/.test(text),
        JSON.stringify(extras),
      );
    }),
    {seed, numRuns: RUNS},
  );
  assert.ok(refused > 0 && refused < RUNS / 2, `${refused} of ${RUNS} named two calls`);
});
