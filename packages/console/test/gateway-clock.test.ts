/** The gateway's clock on a machine whose own clock is wrong or set. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {createGatewayClock} from '../../client/src/gateway-clock.ts';
import {GatewayClock} from '../src/gateway-clock.ts';

const GATEWAY_START = Date.parse('2026-01-31T12:00:00.000Z');
const MINUTE_MS = 60_000;

/** A machine whose clock is `wrongBy`, the SDK's clock on it, and a gateway whose clock is right. */
function setUp(wrongBy: number) {
  let elapsed = 0;
  let monotonic = 1000;
  let wrong = wrongBy;
  const sdk = createGatewayClock(
    {
      now: () => GATEWAY_START + elapsed + wrong,
      monotonic: () => monotonic,
      after: () => () => {},
    },
    () => {},
  );
  const gatewayNow = () => GATEWAY_START + elapsed;
  return {
    clock: new GatewayClock(() => monotonic),
    sdk,
    gatewayNow,
    pass: (ms: number, {asleep = false} = {}) => {
      elapsed += ms;
      if (!asleep) monotonic += ms;
    },
    setWrong: (ms: number) => {
      wrong = ms;
    },
    /** A message from the gateway arrives without delay. */
    receive: (first = false) => sdk.observe(new Date(gatewayNow()).toISOString(), first),
  };
}

test('before the sign-in, the clock is this machine’s', () => {
  const before = Date.now();
  const now = new GatewayClock().now();
  assert.ok(now >= before && now <= Date.now());
});

test('from the sign-in on, the clock is the gateway’s, however wrong this machine’s is', () => {
  for (const wrongBy of [14 * MINUTE_MS, -3 * MINUTE_MS, 0]) {
    const {clock, pass, setWrong, gatewayNow} = setUp(wrongBy);
    clock.start(gatewayNow());
    assert.equal(clock.now(), gatewayNow());
    pass(MINUTE_MS);
    setWrong(wrongBy + 14 * MINUTE_MS);
    assert.equal(clock.now(), gatewayNow());
  }
});

test('a response without a valid time leaves the clock unchanged', () => {
  const {clock, gatewayNow} = setUp(MINUTE_MS);
  clock.start(gatewayNow());
  clock.start(Number.NaN);
  assert.equal(clock.now(), gatewayNow());
});

test('after the first message, the clock follows the SDK’s: a machine that slept is right with the next one', () => {
  const {clock, sdk, pass, receive, gatewayNow} = setUp(-3 * MINUTE_MS);
  // The response to the sign-in took two seconds.
  clock.start(gatewayNow() - 2000);
  receive(true);
  clock.follow(sdk);
  assert.equal(clock.now(), gatewayNow());
  pass(30_000, {asleep: true});
  assert.equal(clock.now(), gatewayNow() - 30_000);
  receive(true);
  assert.equal(clock.now(), gatewayNow());
});

test('the next sign-in starts again from its own response', () => {
  const {clock, sdk, receive, gatewayNow} = setUp(MINUTE_MS);
  receive(true);
  clock.follow(sdk);
  clock.start(gatewayNow() - 5 * MINUTE_MS);
  assert.equal(clock.now(), gatewayNow() - 5 * MINUTE_MS);
});
