/** Tests the checker on handwritten histories: a sound one, and one broken history per invariant. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {checkHistory} from '../../chaos/history/check-history.ts';
import type {Chapter, EntryRecord, History, ViolationKind} from '../../chaos/history/history.ts';

const entry = (
  offset: number,
  callSid: string,
  providerStatus: EntryRecord['providerStatus'],
): EntryRecord => ({
  offset,
  kind: 'status',
  source: 'callback',
  callSid,
  webhook: `${callSid}/${providerStatus}`,
  verdict: 'applied',
  providerStatus,
  ...(callSid === 'CAada' ? {owner: 'ada'} : {}),
  text: `${offset} ${callSid} ${providerStatus}`,
});

const chapter: Chapter = {
  epoch: 'one',
  entries: [
    entry(1, 'CAada', 'ringing'),
    entry(2, 'CAben', 'ringing'),
    entry(3, 'CAada', 'in-progress'),
    entry(4, 'CAada', 'completed'),
  ],
  calls: new Map([
    ['CAada', 'completed'],
    ['CAben', 'ringing'],
  ]),
};

const received = (offset: number) => {
  const found = chapter.entries[offset - 1];
  assert.ok(found?.providerStatus);
  return {offset, callSid: found.callSid, providerStatus: found.providerStatus};
};

const sound: History = {
  webhooks: chapter.entries.map(({callSid, webhook = '', providerStatus = 'queued'}) => ({
    key: webhook,
    callSid,
    status: providerStatus,
    answeredIn: 0,
  })),
  dials: [
    {key: 'k', user: 'ada', to: '+1', outcome: 'unknown'},
    {key: 'k', user: 'ada', to: '+1', outcome: 'ok', callSid: 'CAada'},
  ],
  hangUps: [],
  connections: [
    {
      user: 'ada',
      seesAll: false,
      chapter: 0,
      ready: {epoch: 'one', offset: 1, recovered: false},
      snapshot: {offset: 1, calls: [{callSid: 'CAada', providerStatus: 'ringing'}]},
      received: [received(3)],
      position: 3,
    },
    {
      user: 'ada',
      seesAll: false,
      chapter: 0,
      requested: {epoch: 'one', offset: 3},
      ready: {epoch: 'one', offset: 3, recovered: true},
      received: [received(4)],
      position: 4,
    },
  ],
  chapters: [chapter],
  providerCalls: [{callSid: 'CAada', to: '+1', status: 'completed', endAcknowledged: true}],
};

const [first, second] = sound.connections;
assert.ok(first && second);

/** The kinds of violation that the checker finds in the sound history with a change. */
function kindsOf(change: Partial<History>): readonly ViolationKind[] {
  return [...new Set(checkHistory({...sound, ...change}).map(({kind}) => kind))];
}

const withEntries = (entries: readonly EntryRecord[], calls = chapter.calls): readonly Chapter[] => [
  {...chapter, entries, calls},
];

test('a sound history has no violations', () => {
  assert.deepEqual(checkHistory(sound), []);
});

const broken: readonly (readonly [string, Partial<History>, ViolationKind])[] = [
  [
    '[J7] an acknowledged webhook that is not in the journal is lost',
    {webhooks: [...sound.webhooks, {key: 'CAx/ringing', callSid: 'CAx', status: 'ringing', answeredIn: 0}]},
    'lost',
  ],
  [
    '[J2] a webhook with two entries is doubled',
    {
      chapters: withEntries([...chapter.entries, {...entry(5, 'CAada', 'completed'), verdict: 'duplicate'}]),
    },
    'doubled',
  ],
  [
    '[H5] an entry without a signed webhook is invented',
    {webhooks: sound.webhooks.filter(({callSid}) => callSid !== 'CAben')},
    'invented',
  ],
  [
    '[H5] an entry that differs from the signed webhook is invented',
    {webhooks: sound.webhooks.map((one) => ({...one, status: 'failed' as const}))},
    'invented',
  ],
  [
    '[W7] a command that nobody requested is invented',
    {
      chapters: withEntries([
        ...chapter.entries,
        {offset: 5, kind: 'command', source: 'api', callSid: 'CAben', verdict: 'applied', text: ''},
      ]),
    },
    'invented',
  ],
  [
    '[H1] two calls for one key are dialed twice',
    {
      providerCalls: [
        ...sound.providerCalls,
        {callSid: 'CAtwo', to: '+1', status: 'completed', endAcknowledged: false},
      ],
    },
    'dialed-twice',
  ],
  [
    '[H1] a call that was confirmed to a client must exist',
    {dials: sound.dials.map((dial) => ({...dial, callSid: 'CAother'}))},
    'invented',
  ],
  [
    '[H1] a call must not exist if every response reported a failure',
    {dials: [{key: 'k', user: 'ada', to: '+1', outcome: 'fail'}]},
    'invented',
  ],
  ['[J3] a missing offset is corrupt', {chapters: withEntries(chapter.entries.slice(1))}, 'corrupt'],
  [
    '[J4] a call that goes back is corrupt',
    {
      chapters: withEntries([...chapter.entries, entry(5, 'CAada', 'ringing')]),
      webhooks: [...sound.webhooks],
    },
    'corrupt',
  ],
  [
    '[J7] a call that differs from its entries is corrupt',
    {chapters: withEntries(chapter.entries, new Map([...chapter.calls, ['CAben', 'busy']]))},
    'corrupt',
  ],
  [
    'an entry that changed within an epoch is corrupt',
    {
      chapters: [
        chapter,
        {...chapter, entries: chapter.entries.map((one) => ({...one, text: `${one.text} and more`}))},
      ],
    },
    'corrupt',
  ],
  [
    'an entry that disappeared within an epoch is corrupt',
    {chapters: [chapter, {...chapter, entries: chapter.entries.slice(0, 3)}]},
    'corrupt',
  ],
  [
    'an acknowledged end that the gateway does not know is lost',
    {
      chapters: withEntries(
        chapter.entries.slice(0, 3),
        new Map([...chapter.calls, ['CAada', 'in-progress']]),
      ),
      webhooks: sound.webhooks.slice(0, 3),
      connections: [],
    },
    'lost',
  ],
  ['[W12] an entry that a session missed', {connections: [{...second, received: []}]}, 'session'],
  [
    '[W12] an entry delivered twice',
    {connections: [{...second, received: [received(4), received(4)]}]},
    'session',
  ],
  ['an entry of another user', {connections: [{...first, received: [received(2), received(3)]}]}, 'session'],
  [
    '[W11] recovered from another offset than requested',
    {connections: [{...second, requested: {epoch: 'one', offset: 2}}]},
    'session',
  ],
  [
    '[W11] recovered into another epoch',
    {connections: [{...second, requested: {epoch: 'zero', offset: 3}}]},
    'session',
  ],
  [
    '[W3] a snapshot that leaves a call out',
    {connections: [{...first, snapshot: {offset: 1, calls: []}}]},
    'session',
  ],
  [
    'an epoch that no journal has',
    {connections: [{...first, ready: {...first.ready, epoch: 'none'}}]},
    'session',
  ],
];

for (const [title, change, kind] of broken)
  test(`${title}`, () => assert.ok(kindsOf(change).includes(kind), `found ${kindsOf(change).join()}`));

test('webhooks acknowledged before an announced loss are expected in the earlier journal', () => {
  const after: Chapter = {epoch: 'two', entries: [], calls: new Map()};
  assert.deepEqual(kindsOf({chapters: [chapter, after]}), []);
  const late = sound.webhooks.map((one) => ({...one, answeredIn: 1}));
  assert.deepEqual(kindsOf({chapters: [chapter, after], webhooks: late}), ['lost']);
});

test('an entry that a killed process never acknowledged may give its offset to another one', () => {
  const unpromised = entry(5, 'CAben', 'in-progress');
  const another = entry(5, 'CAben', 'busy');
  const chapters = [unpromised, another].map(
    (last): Chapter => ({
      ...chapter,
      entries: [...chapter.entries, last],
      calls: new Map([...chapter.calls, ['CAben', last.providerStatus ?? 'queued']]),
    }),
  );
  const sent = [unpromised, another].map(({callSid, webhook = '', providerStatus = 'queued'}) => ({
    key: webhook,
    callSid,
    status: providerStatus,
  }));
  const webhooks = [...sound.webhooks, ...sent];
  assert.deepEqual(kindsOf({chapters, webhooks}), []);
  const answered = webhooks.map((one) => ({answeredIn: 0, ...one}));
  assert.ok(kindsOf({chapters, webhooks: answered}).includes('corrupt'), 'it was acknowledged');
  const {snapshot: _, ...bare} = first;
  const at = (opened: number) => {
    const there = {...bare, chapter: opened, ready: {...first.ready, offset: 5}, received: [], position: 5};
    return {chapters, webhooks, connections: [there]};
  };
  assert.ok(kindsOf(at(0)).includes('corrupt'), 'a session was brought there before');
  assert.deepEqual(kindsOf(at(1)), [], 'a session was brought there afterwards');
});
