/** The gateway's clock on a machine whose own clock is wrong, jumps, or sleeps. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {GatewayClock} from '../src/gateway-clock.ts';

const GATEWAY_START = Date.parse('2026-01-31T12:00:00.000Z');
const MINUTE_MS = 60_000;

/** A machine whose clock is `wrongBy`, and a gateway whose clock is right. */
function setUp(wrongBy: number) {
  let elapsed = 0;
  let monotonic = 1000;
  let wrong = wrongBy;
  const clock = new GatewayClock({
    wall: () => GATEWAY_START + elapsed + wrong,
    monotonic: () => monotonic,
  });
  const pass = (ms: number, {asleep = false} = {}) => {
    elapsed += ms;
    if (!asleep) monotonic += ms;
  };
  return {
    clock,
    pass,
    setWrong: (ms: number) => {
      wrong = ms;
    },
    gatewayNow: () => GATEWAY_START + elapsed,
    /** A request of 80 ms, answered half way. */
    read: () =>
      clock.read(
        async () => {
          pass(40);
          const now = new Date(GATEWAY_START + elapsed).toISOString();
          pass(40);
          return {now};
        },
        ({now}) => Date.parse(now),
      ),
  };
}

test('after an answer the clock is the gateway’s, however wrong this machine’s is', async () => {
  for (const wrongBy of [14 * MINUTE_MS, -3 * MINUTE_MS, 0]) {
    const {clock, read, pass, gatewayNow} = setUp(wrongBy);
    assert.equal(clock.now(), gatewayNow() + wrongBy, 'before the first answer there is only this machine’s');
    await read();
    assert.equal(clock.now(), gatewayNow());
    pass(MINUTE_MS);
    assert.equal(clock.now(), gatewayNow());
  }
});

test('somebody sets this machine’s clock: the gateway’s does not jump, and is asked again', async () => {
  const {clock, read, pass, setWrong, gatewayNow} = setUp(0);
  await read();
  let doubts = 0;
  const stop = clock.onDoubt(() => {
    doubts += 1;
  });
  pass(1000);
  clock.check();
  assert.equal(doubts, 0);
  setWrong(14 * MINUTE_MS);
  assert.equal(clock.now(), gatewayNow());
  clock.check();
  clock.check();
  assert.equal(doubts, 1, 'once a jump');
  stop();
  setWrong(0);
  clock.check();
  assert.equal(doubts, 1);
});

test('the machine slept, and its monotonic clock stood still: the next answer sets the clock right', async () => {
  const {clock, read, pass, gatewayNow} = setUp(-3 * MINUTE_MS);
  await read();
  let doubts = 0;
  clock.onDoubt(() => {
    doubts += 1;
  });
  pass(30_000, {asleep: true});
  clock.check();
  assert.equal(doubts, 1);
  await read();
  assert.equal(clock.now(), gatewayNow());
});

test('an answer without a time, and a failed question, leave the clock as it is', async () => {
  const {clock, read, gatewayNow} = setUp(MINUTE_MS);
  await read();
  await clock.read(
    async () => ({}),
    () => Number.NaN,
  );
  await assert.rejects(clock.read(() => Promise.reject(new Error('away')), Number));
  assert.equal(clock.now(), gatewayNow());
});
