/** Labels and formats: masked numbers, times, the connection, JSON, list navigation, the key in the URL. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {jsonTokens} from '../src/design/json-tokens.ts';
import {step} from '../src/design/list-step.ts';
import {maskNumber} from '../src/design/mask-number.ts';
import {sparklinePath} from '../src/design/sparkline-path.ts';
import {
  formatBytes,
  formatDuration,
  formatMs,
  relativeTime,
  spokenDuration,
} from '../src/design/time-labels.ts';
import {createKeyStore, takeKeyFromAddress} from '../src/session/access-key.ts';
import {connectionLabels} from '../src/shell/connection-labels.ts';

test('masked numbers stay recognizable', () => {
  const masked = {
    '+15550100001': '+1555•••••01',
    '+442071838750': '+4420••••••50',
    '12345': '•••••',
    '+911': '+•••',
    'client:alice': 'client:al•••',
    'client:bo': 'client:•••',
    'client:alice@example.com': 'client:al•••',
    'sip:alice@example.com': 'sip:al•••@example.com',
    'sip:+15550100001@example.com': 'sip:+1555•••••01@example.com',
    anonymous: 'an•••',
    '<b>x</b>': '<b•••',
  };
  for (const [number, expected] of Object.entries(masked)) assert.equal(maskNumber(number), expected);
});

test('times and sizes are formatted', () => {
  assert.deepEqual(
    [0, 1000, 12_000, 61_000, 7_200_000, 180_000_000, -30_000].map((ago) => relativeTime(0, ago)),
    ['now', 'now', '12 s ago', '1 min ago', '2 h ago', '2 d ago', 'in 30 s'],
  );
  assert.deepEqual([-5, 7000, 754_000, 3_723_000].map(formatDuration), ['0:00', '0:07', '12:34', '1:02:03']);
  assert.deepEqual([0, 61_000, 7_323_000].map(spokenDuration), [
    '0 seconds',
    '1 minute 1 second',
    '2 hours 2 minutes 3 seconds',
  ]);
  assert.deepEqual([3, 1234, -240_000].map(formatMs), ['3 ms', '1.2 s', '-4 min']);
  assert.deepEqual([512, 1536, 3_355_443].map(formatBytes), ['512 B', '1.5 KiB', '3.2 MiB']);
});

test('the connection has a state, a reason and a next step', () => {
  const words = (
    state: Parameters<typeof connectionLabels>[0],
    outage?: {seconds: number; recovered: boolean},
  ) => connectionLabels(state, {now: 1000, outage, first: false});
  assert.deepEqual(words({phase: 'waiting', why: 'going-away', attempt: 1, retryAt: 4500, hinted: false}), {
    tone: 'bad',
    text: 'Reconnecting in 4 s',
    detail: 'The gateway is restarting.',
    action: 'now',
  });
  assert.equal(words({phase: 'waiting', why: 'offline', attempt: 1, hinted: false}).text, 'Disconnected');
  assert.equal(words({phase: 'connecting', step: 'socket', attempt: 2}).text, 'Reconnecting…');
  const session = {
    sessionId: 's',
    user: 'u',
    scopes: [],
    epoch: 'e',
    offset: 0,
    recovered: true,
    heartbeatMs: 1,
  };
  assert.equal(words({phase: 'catching-up', ...session}).text, 'Catching up…');
  assert.equal(words({phase: 'live', ...session}).text, 'Live');
  const back = words({phase: 'live', ...session}, {seconds: 3, recovered: true});
  assert.deepEqual([back.text, back.detail], ['Caught up after 3 s', 'Nothing was missed.']);
  const reloaded = words({phase: 'live', ...session}, {seconds: 3, recovered: false});
  assert.doesNotMatch(reloaded.detail ?? '', /Nothing was missed/);
  const stopped = words({phase: 'stopped', why: 'forbidden', whatToDo: 'Use another key.'});
  assert.deepEqual([stopped.tone, stopped.detail, stopped.action], ['bad', 'Use another key.', 'again']);
});

test('JSON tokens join to the same text', () => {
  const text = JSON.stringify({a: ['x"y\\', -1.5e3, true, null], '<b>': {c: ': "'}}, undefined, 2);
  const tokens = jsonTokens(text);
  assert.equal(tokens.map((token) => token.text).join(''), text);
  assert.deepEqual(
    tokens.filter(({kind}) => kind === 'key').map((token) => token.text),
    ['"a"', '"<b>"', '"c"'],
  );
  assert.equal(jsonTokens('').length, 0);
});

test('a sparkline has gaps for missing values, and zero at the bottom', () => {
  const {line} = sparklinePath([0, 10, undefined, 5], {width: 30, height: 10});
  assert.equal(line, 'M0 10L10 0M30 5');
  assert.equal(sparklinePath([], {width: 30, height: 10}).line, '');
  assert.equal(sparklinePath([0, 0], {width: 30, height: 10}).line, 'M0 10L30 10');
});

test('moving stays within the list, and continues at the place of a removed row', () => {
  const at = (index: number, by: number, lastIndex = -1, count = 5) => step({count, index, lastIndex, by});
  assert.deepEqual([at(-1, 1), at(-1, -1), at(0, -1), at(4, 1), at(2, 1)], [0, 4, 0, 4, 3]);
  assert.deepEqual([at(-1, 1, 2), at(-1, -1, 2)], [2, 1]);
  assert.equal(at(-1, 1, -1, 0), -1);
});

test('[A1] the key is removed from the URL, next to other parts of the fragment', () => {
  const take = (hash: string) => {
    const replaced: string[] = [];
    const location = {hash, pathname: '/history', search: '?q=1'};
    const history = {
      state: {},
      replaceState: (_state: unknown, _unused: string, url: string) => replaced.push(url),
    };
    return [takeKeyFromAddress({location, history}), ...replaced];
  };
  assert.deepEqual(take('#key=a%20b'), ['a b', '/history?q=1']);
  assert.deepEqual(take('#x=1&key=abc&y=2'), ['abc', '/history?q=1']);
  assert.deepEqual(take('#key=%E0%A4'), ['%E0%A4', '/history?q=1']);
  assert.deepEqual(take('#key='), [undefined, '/history?q=1']);
  assert.deepEqual(take('#monkey=1'), [undefined]);
  assert.deepEqual(take(''), [undefined]);
});

test('without storage, the key lives as long as the page', () => {
  const denied = () => {
    throw new Error('denied');
  };
  const keys = createKeyStore({tab: denied, shared: denied, baseUrl: 'http://localhost/'});
  keys.invalidateAll();
  assert.equal(keys.read(), undefined);
  keys.write('k');
  assert.equal(keys.read(), 'k');
  keys.clear();
  assert.equal(keys.read(), undefined);
});
