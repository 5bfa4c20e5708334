import assert from 'node:assert/strict';
import {test} from 'node:test';
import {allEvents, numbers, setup} from './support.ts';

const from = '+15005550006';

test('an answered call fires four numbered, signed callbacks with every documented parameter', async (t) => {
  const {simulator, receiver, client} = await setup(t);
  const call = await client.calls.create({
    to: numbers.answered,
    from,
    url: receiver.twiml('/voice', '<Pause length="7"/>'),
    statusCallback: `${receiver.url}/status`,
    statusCallbackEvent: allEvents,
  });
  await simulator.settled();
  const callbacks = receiver.to('/status').map(({params}) => params);
  assert.deepEqual(
    callbacks.map(({CallStatus, SequenceNumber}) => [SequenceNumber, CallStatus]),
    [
      ['0', 'initiated'],
      ['1', 'ringing'],
      ['2', 'in-progress'],
      ['3', 'completed'],
    ],
  );
  const last = callbacks.at(-1);
  assert.ok(last);
  const {Timestamp, CallDuration, Duration, ...rest} = last;
  assert.match(Timestamp ?? '', /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000$/);
  assert.ok(Number(CallDuration) >= 7, `CallDuration ${CallDuration}`);
  assert.equal(Duration, String(Math.ceil(Number(CallDuration) / 60)));
  assert.deepEqual(rest, {
    CallSid: call.sid,
    AccountSid: simulator.accountSid,
    From: from,
    To: numbers.answered,
    Caller: from,
    Called: numbers.answered,
    CallStatus: 'completed',
    ApiVersion: '2010-04-01',
    Direction: 'outbound-api',
    CallbackSource: 'call-progress-events',
    SequenceNumber: '3',
    SipResponseCode: '200',
    ...Object.fromEntries(
      ['From', 'To', 'Caller', 'Called'].flatMap((end) => [
        [`${end}City`, ''],
        [`${end}State`, ''],
        [`${end}Zip`, ''],
        [`${end}Country`, 'US'],
      ]),
    ),
  });
  const [first] = receiver.to('/status');
  assert.ok(first);
  assert.equal(first.headers['user-agent'], 'TwilioProxy/1.1');
  assert.equal(first.headers['content-type'], 'application/x-www-form-urlencoded');
  assert.equal(first.headers['x-home-region'], 'us1');
  assert.equal(first.headers.accept, '*/*');
  assert.equal(first.headers['accept-encoding'], 'gzip');
  const tokens = receiver.to('/status').map(({headers}) => headers['i-twilio-idempotency-token']);
  assert.equal(new Set(tokens).size, 4);
});
