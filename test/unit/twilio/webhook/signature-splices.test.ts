/**
 * A Twilio signature covers names and values run together, without their boundaries.
 *
 * Each attack here carries the signature of a genuine request and moves its field boundaries. The official
 * SDK accepts every one of them.
 */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {authenticateWebhook, toStatusEvent} from '../../../../src/twilio/webhook/webhook.ts';
import {attacks, type Fields, harmless, replace, STATUS_PATH} from '../../../security/signature-splices.ts';
import {
  AUTH_TOKEN,
  CALL_SID,
  completedFields,
  encodeForm,
  PUBLIC_URL,
  REFERENCE,
  ringingFields,
  sdkAccepts,
  signedRequest,
} from '../../../support/twilio/twilio-requests.ts';

for (const {name, signed, sent, signedPath = STATUS_PATH, sentPath = STATUS_PATH} of attacks) {
  test(`[H5] splice: ${name}`, () => {
    const genuine = signedRequest(signed, {pathAndQuery: signedPath});
    const forged = {...genuine, pathAndQuery: sentPath, body: encodeForm(sent)};
    assert.equal(
      sdkAccepts(AUTH_TOKEN, genuine.signatureHeader, PUBLIC_URL + sentPath, sent),
      true,
      'the SDK accepts it, so the attack is real',
    );
    const result = authenticateWebhook(forged);
    assert.equal(result.kind, 'malformed');
  });
}

for (const {name, signed, sent} of harmless) {
  test(`[H5] a splice that passes says less than what was signed, and nothing else: ${name}`, () => {
    const genuine: Readonly<Record<string, unknown>> = eventOf(signed, signed);
    const event = eventOf(signed, sent);
    for (const [key, value] of Object.entries(event)) assert.equal(value, genuine[key], key);
    assert.equal(event.callSid, CALL_SID);
    assert.equal(event.providerStatus, 'ringing');
  });
}

test('[H5] genuine requests with unusual free text are not mistaken for splices', () => {
  const odd = [
    ['ParticipantCallStatus', 'completed'],
    ['DialCallDuration', '12'],
    ['CallerName', 'Call Status ringing Direction: inbound'],
    ['StirVerstat', 'TN-Validation-Passed-A'],
    ['next', '/calls?CallSid=CA1&CallStatus=ringing'],
    ['json', JSON.stringify({CallSid: CALL_SID, CallStatus: 'ringing'})],
    ['RecordingUrl', `https://api.twilio.com/2010-04-01/Accounts/AC/Recordings/RE${'0'.repeat(32)}`],
  ] as const;
  assert.equal(authenticateWebhook(signedRequest([...completedFields, ...odd])).kind, 'authentic');
});

/** The data that an event of these fields would have beyond what was signed. */
function eventOf(signed: Fields, sent: Fields, signedPath = STATUS_PATH) {
  const genuine = signedRequest(signed, {pathAndQuery: signedPath});
  const result = authenticateWebhook({...genuine, pathAndQuery: STATUS_PATH, body: encodeForm(sent)});
  if (result.kind !== 'authentic') return assert.fail(JSON.stringify(result));
  const {dedupeKey: _, parameters: __, ...event} = toStatusEvent({...result, receivedAt: 0, route: 'status'});
  return event;
}

test('[H5] a boundary between two free texts cannot be checked, and no control field is free text', () => {
  const sent = replace(
    ringingFields,
    ['FromCity', 'FromCountry'],
    [['FromCity', 'SAN FRANCISCOFromCountryUS']],
  );
  assert.deepEqual(eventOf(ringingFields, sent), eventOf(ringingFields, ringingFields));
});

test('[H5] a field of every status callback under a longer name is a splice', () => {
  const british = replace(ringingFields, ['FromZip'], [['FromZip', 'SW1A']]);
  const sent = replace(
    ringingFields,
    ['FromZip', 'SequenceNumber'],
    [
      ['FromZip', ''],
      ['SW1ASequenceNumber', '1'],
    ],
  );
  const forged = {...signedRequest(british, {pathAndQuery: STATUS_PATH}), body: encodeForm(sent)};
  assert.equal(authenticateWebhook(forged).kind, 'malformed');
});

test('[H5] a `ref` made from a field named `?ref` cannot be detected, but only the gateway knows valid references', () => {
  const {reference, ...rest} = eventOf(
    [['?ref', `=${REFERENCE}`], ...ringingFields],
    ringingFields,
    '/twilio/status',
  );
  assert.equal(reference, REFERENCE);
  assert.equal('reference' in rest, false);
});

test('[H5] a truncated reference is ignored: the event stays the same and gets no owner from it', () => {
  // This needs a field whose name sorts before `AccountSid`, so that the rest of the reference becomes part
  // of it.
  const signed: Fields = [['1', 'x'], ...ringingFields];
  const genuine = signedRequest(signed, {pathAndQuery: STATUS_PATH});
  const sent: Fields = [['0123451', 'x'], ...ringingFields];
  const forged = {...genuine, pathAndQuery: STATUS_PATH.slice(0, -6), body: encodeForm(sent)};
  assert.ok(sdkAccepts(AUTH_TOKEN, genuine.signatureHeader, PUBLIC_URL + forged.pathAndQuery, sent));
  const result = authenticateWebhook(forged);
  assert.equal(result.kind === 'authentic' && result.reference, undefined);
});
