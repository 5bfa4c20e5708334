/** The checker on histories written by hand: each invariant broken once, and a history in which nothing is wrong. */
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

const told = (offset: number) => {
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
      told: [told(3)],
      position: 3,
    },
    {
      user: 'ada',
      seesAll: false,
      chapter: 0,
      asked: {epoch: 'one', offset: 3},
      ready: {epoch: 'one', offset: 3, recovered: true},
      told: [told(4)],
      position: 4,
    },
  ],
  chapters: [chapter],
  providerCalls: [{callSid: 'CAada', to: '+1', status: 'completed', endAcknowledged: true}],
};

const [first, second] = sound.connections;
assert.ok(first && second);

/** What the checker makes of the sound history with something changed. */
function kindsOf(change: Partial<History>): readonly ViolationKind[] {
  return [...new Set(checkHistory({...sound, ...change}).map(({kind}) => kind))];
}

const withEntries = (entries: readonly EntryRecord[], calls = chapter.calls): readonly Chapter[] => [
  {...chapter, entries, calls},
];

test('a history in which nothing is wrong has no violations', () => {
  assert.deepEqual(checkHistory(sound), []);
});

const broken: readonly (readonly [string, Partial<History>, ViolationKind])[] = [
  [
    '[J7] a webhook that was answered and is not in the journal is lost',
    {webhooks: [...sound.webhooks, {key: 'CAx/ringing', callSid: 'CAx', status: 'ringing', answeredIn: 0}]},
    'lost',
  ],
  [
    '[J2] a webhook that is in the journal twice is doubled',
    {
      chapters: withEntries([...chapter.entries, {...entry(5, 'CAada', 'completed'), verdict: 'duplicate'}]),
    },
    'doubled',
  ],
  [
    '[H5] an entry that nobody signed is invented',
    {webhooks: sound.webhooks.filter(({callSid}) => callSid !== 'CAben')},
    'invented',
  ],
  [
    '[H5] an entry that says something else than what was signed is invented',
    {webhooks: sound.webhooks.map((one) => ({...one, status: 'failed' as const}))},
    'invented',
  ],
  [
    '[W7] a command that nobody gave is invented',
    {
      chapters: withEntries([
        ...chapter.entries,
        {offset: 5, kind: 'command', source: 'api', callSid: 'CAben', verdict: 'applied', text: ''},
      ]),
    },
    'invented',
  ],
  [
    '[H1] two calls for one key are two dials',
    {
      providerCalls: [
        ...sound.providerCalls,
        {callSid: 'CAtwo', to: '+1', status: 'completed', endAcknowledged: false},
      ],
    },
    'dialled-twice',
  ],
  [
    '[H1] a call that a client was told of has to be there',
    {dials: sound.dials.map((dial) => ({...dial, callSid: 'CAother'}))},
    'invented',
  ],
  [
    '[H1] a call of which every answer said that it failed must not be there',
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
    '[J7] a call that is not as its entries left it is corrupt',
    {chapters: withEntries(chapter.entries, new Map([...chapter.calls, ['CAben', 'busy']]))},
    'corrupt',
  ],
  [
    'an entry that is another one under the same epoch is corrupt',
    {
      chapters: [
        chapter,
        {...chapter, entries: chapter.entries.map((one) => ({...one, text: `${one.text} and more`}))},
      ],
    },
    'corrupt',
  ],
  [
    'an entry that is gone under the same epoch is corrupt',
    {chapters: [chapter, {...chapter, entries: chapter.entries.slice(0, 3)}]},
    'corrupt',
  ],
  [
    'an end that was acknowledged and is not known is lost',
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
  ['[W12] an entry that a session missed', {connections: [{...second, told: []}]}, 'session'],
  ['[W12] an entry told twice', {connections: [{...second, told: [told(4), told(4)]}]}, 'session'],
  ['an entry of somebody else', {connections: [{...first, told: [told(2), told(3)]}]}, 'session'],
  [
    '[W11] recovered from another place than it asked for',
    {connections: [{...second, asked: {epoch: 'one', offset: 2}}]},
    'session',
  ],
  [
    '[W11] recovered into another epoch',
    {connections: [{...second, asked: {epoch: 'zero', offset: 3}}]},
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

test('what was acknowledged before a loss that was announced is looked for in the journal of then', () => {
  const after: Chapter = {epoch: 'two', entries: [], calls: new Map()};
  assert.deepEqual(kindsOf({chapters: [chapter, after]}), []);
  const late = sound.webhooks.map((one) => ({...one, answeredIn: 1}));
  assert.deepEqual(kindsOf({chapters: [chapter, after], webhooks: late}), ['lost']);
});

test('an entry that a killed process told nobody of may give its offset to another one', () => {
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
    const there = {...bare, chapter: opened, ready: {...first.ready, offset: 5}, told: [], position: 5};
    return {chapters, webhooks, connections: [there]};
  };
  assert.ok(kindsOf(at(0)).includes('corrupt'), 'a session was brought there before');
  assert.deepEqual(kindsOf(at(1)), [], 'a session was brought there afterwards');
});
