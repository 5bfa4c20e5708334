/** The contract of every journal, written against the port. Each adapter runs it. */
import assert from 'node:assert/strict';
import {afterEach, beforeEach, describe, test as runTest} from 'node:test';
import {JournalUnavailableError} from '../../../src/errors/app-error.ts';
import type {CallRecord, JournalEntry, Offset} from '../../../src/journal/call-event.ts';
import type {Fence} from '../../../src/journal/fence.ts';
import type {JournalOpening} from '../../../src/journal/followable-journal.ts';
import type {Journal} from '../../../src/journal/journal.ts';
import type {CallQuery} from '../../../src/journal/queryable-journal.ts';
import {until} from '../until.ts';
import {command, intent, START, status, wholeCall} from './journal-events.ts';

/** A journal on separate storage. */
export interface JournalFixture {
  /** An opened journal. */
  readonly journal: Journal;
  readonly opening: JournalOpening;
  /** The fence of a lease that is held. */
  fence(): Promise<Fence>;
  /** Closes the journal and opens another on the same storage. */
  reopen(): Promise<JournalFixture>;
  /** Closes the journal and removes its storage. */
  dispose(): Promise<void>;
}

/** Limits the suite, in case every test runs into its own deadline. */
const SUITE_TIMEOUT_MS = 120_000;

/** Runs the contract suite on journals of `open`. */
export function describeJournal(name: string, open: () => Promise<JournalFixture>): void {
  void describe(`${name} fulfills the journal contract`, {timeout: SUITE_TIMEOUT_MS}, () => {
    let fixture: JournalFixture;
    let journal: Journal;

    beforeEach(async () => {
      fixture = await open();
      journal = fixture.journal;
    });

    afterEach(() => fixture.dispose());

    async function reopen(): Promise<JournalOpening> {
      fixture = await fixture.reopen();
      journal = fixture.journal;
      return fixture.opening;
    }

    async function readAll(after: Offset = 0): Promise<readonly JournalEntry[]> {
      const page = await journal.read(after, 10_000);
      assert.equal(page.kind, 'entries');
      return page.kind === 'entries' ? page.entries : [];
    }

    test('[J1] appended entries are there after a restart, under the same epoch', async () => {
      const {entry} = await journal.append(status('CA1', 'initiated'));
      const before = fixture.opening;
      const after = await reopen();
      assert.equal(before.head, 0);
      assert.deepEqual(after, {epoch: before.epoch, head: 1});
      assert.equal(journal.head(), 1);
      assert.deepEqual(await readAll(), [entry]);
    });

    test('[J1] a restart does not change calls, histories and intents', async () => {
      await journal.openIntent(intent('ref-1', {idempotencyKey: 'key'}), 0);
      for (const event of wholeCall('CA1', {reference: 'ref-1', parameters: {CallSid: 'CA1'}})) {
        await journal.append(event);
      }
      await journal.append(status('CA2', 'ringing'));
      const look = async () => ({
        history: await journal.callHistory('CA1'),
        calls: await journal.listCalls({limit: 10}),
        active: await journal.activeCalls(),
        intent: await journal.findIntent('ref-1'),
        entries: await readAll(),
      });
      const before = await look();
      await reopen();
      assert.deepEqual(await look(), before);
    });

    test('[J1] probe confirms that a write would be durable, and adds no entry', async () => {
      await journal.probe();
      assert.equal(journal.head(), 0);
      assert.deepEqual(await readAll(), []);
    });

    test('[J2] a repeated webhook is one entry', async () => {
      const event = status('CA1', 'ringing');
      const first = await journal.append(event);
      const second = await journal.append({...event, receivedAt: START + 60_000});
      assert.equal(first.repeated, false);
      assert.deepEqual(second, {entry: first.entry, repeated: true});
      assert.equal(journal.head(), 1);
      assert.deepEqual(await readAll(), [first.entry]);
    });

    test('[J2] concurrent copies of a webhook are one entry', async () => {
      const event = status('CA1', 'ringing');
      const results = await Promise.all(Array.from({length: 20}, () => journal.append(event)));
      assert.deepEqual(
        results.map(({repeated}) => repeated),
        [false, ...Array.from({length: 19}, () => true)],
      );
      for (const {entry} of results) assert.deepEqual(entry, results[0]?.entry);
      assert.equal((await readAll()).length, 1);
      assert.equal((await journal.callHistory('CA1'))?.entries[0]?.repeats, 19);
    });

    test('[J2] a repetition is recognized after a restart', async () => {
      const first = await journal.append(status('CA1', 'ringing'));
      await reopen();
      const again = await journal.append(status('CA1', 'ringing'));
      assert.deepEqual(again, {entry: first.entry, repeated: true});
    });

    test('[J2] [J6] under a held fence, an event is appended once, like any other', async () => {
      const fence = await fixture.fence();
      const [event, before] = [status('CA1', 'ringing'), status('CA2', 'ringing')];
      const [first, second] = await Promise.all([journal.append(before), journal.appendFenced(event, fence)]);
      assert.equal(first.entry.offset, 1);
      assert.ok(second.kind === 'appended');
      assert.deepEqual([second.entry.offset, second.repeated], [2, false]);
      const again = await journal.appendFenced({...event, receivedAt: START + 60_000}, fence);
      assert.deepEqual(again, {kind: 'appended', entry: second.entry, repeated: true});
      assert.deepEqual(await journal.append(event), {entry: second.entry, repeated: true});
      assert.deepEqual(await readAll(), [first.entry, second.entry]);
    });

    test('[J3] offsets are 1, 2, 3 … in the order of the appends, across restarts', async () => {
      const append = (round: number) =>
        Promise.all(
          Array.from({length: 50}, (_, index) => journal.append(status(`CA${round}-${index}`, 'ringing'))),
        );
      const first = await append(1);
      await reopen();
      const second = await append(2);
      const offsets = [...first, ...second].map(({entry}) => entry.offset);
      assert.deepEqual(
        offsets,
        Array.from({length: 100}, (_, index) => index + 1),
      );
      assert.deepEqual(
        (await readAll()).map(({offset}) => offset),
        offsets,
      );
    });

    test('[J3] read returns entries after an offset, oldest first, up to a limit and the head', async () => {
      for (const callSid of ['CA1', 'CA2', 'CA3', 'CA4']) await journal.append(status(callSid, 'ringing'));
      const offsets = async (after: number, limit: number) => {
        const page = await journal.read(after, limit);
        return page.kind === 'entries' ? page.entries.map(({offset}) => offset) : page;
      };
      assert.deepEqual(await offsets(0, 2), [1, 2]);
      assert.deepEqual(await offsets(2, 10), [3, 4]);
      assert.deepEqual(await offsets(4, 10), []);
      assert.deepEqual(await offsets(400, 10), []);
      await reopen();
      assert.deepEqual(await offsets(0, 2), [1, 2]);
      assert.deepEqual(await offsets(2, 10), [3, 4]);
      assert.deepEqual(await offsets(4, 10), []);
    });

    test('[J3] a reader that follows during appends sees every entry once, in order', async () => {
      const total = 3000;
      const seen: number[] = [];
      const done = Promise.withResolvers<void>();
      let reading = false;
      let woken = false;
      const follow = async () => {
        woken = true;
        if (reading) return;
        reading = true;
        while (woken) {
          woken = false;
          const page = await journal.read(seen.at(-1) ?? 0, 7);
          if (page.kind !== 'entries') throw new Error('trimmed');
          seen.push(...page.entries.map(({offset}) => offset));
          woken ||= page.entries.length > 0;
        }
        reading = false;
        if (seen.length >= total) done.resolve();
      };
      const unsubscribe = journal.onAppend(() => void follow().catch(done.reject));
      const appends = Array.from({length: total}, (_, index) =>
        journal.append(status(`CA${index}`, 'ringing')),
      );
      await Promise.all(appends);
      await done.promise;
      unsubscribe();
      assert.deepEqual(
        seen,
        Array.from({length: total}, (_, index) => index + 1),
      );
    });

    test('[J3] after an append resolves, its entry and all earlier entries can be read', async () => {
      const check = async (index: number) => {
        const {entry} = await journal.append(status(`CA${index}`, 'ringing'));
        assert.ok(journal.head() >= entry.offset);
        const entries = await readAll();
        assert.deepEqual(
          entries.slice(0, entry.offset).map(({offset}) => offset),
          Array.from({length: entry.offset}, (_, before) => before + 1),
        );
        assert.ok((await journal.activeCalls()).offset >= entry.offset);
        assert.deepEqual(await journal.findCall(`CA${index}`), entry.call);
      };
      await Promise.all(Array.from({length: 40}, (_, index) => check(index)));
    });

    test('[J3] the head moves before listeners run, and appends resolve before listeners run', async () => {
      const order: string[] = [];
      journal.onAppend(() => {
        throw new Error('a listener that fails');
      });
      const woken = new Promise<void>((resolve) => {
        journal.onAppend(() => {
          order.push(`listener at ${journal.head()}`);
          resolve();
        });
      });
      await journal.append(status('CA1', 'ringing')).then(() => order.push(`caller at ${journal.head()}`));
      await woken;
      assert.deepEqual(order, ['caller at 1', 'listener at 1']);
    });

    test('[J3] entries passed to a listener equal those of a read, and none is past the head', async () => {
      const handed: JournalEntry[] = [];
      let told = 0;
      journal.onAppend((appended = []) => {
        told += 1;
        for (const entry of appended) assert.ok(entry.offset <= journal.head());
        handed.push(...appended);
      });
      const events = ['CA1', 'CA2', 'CA1', 'CA3'].map((sid, index) =>
        status(sid, index === 2 ? 'completed' : 'ringing'),
      );
      await Promise.all([...events, ...events].map((event) => journal.append(event)));
      await until(() => told > 0);
      const read = await journal.read(0, 100);
      assert.ok(read.kind === 'entries');
      // A journal may pass all, some or no entries, but each at most once and in order.
      const offsets = handed.map(({offset}) => offset);
      assert.deepEqual(
        offsets,
        [...new Set(offsets)].sort((a, b) => a - b),
      );
      for (const entry of handed) {
        assert.deepEqual(
          entry,
          read.entries.find(({offset}) => offset === entry.offset),
        );
      }
    });

    test('[J3] an unsubscribed listener is not called', async () => {
      let calls = 0;
      const unsubscribe = journal.onAppend(() => {
        calls += 1;
      });
      unsubscribe();
      const woken = new Promise<void>((resolve) => void journal.onAppend(() => resolve()));
      await journal.append(status('CA1', 'ringing'));
      await woken;
      assert.equal(calls, 0);
    });

    test('[J4] a late event is stored with its verdict and changes nothing', async () => {
      await journal.append(status('CA1', 'initiated'));
      await journal.append(status('CA1', 'completed', {duration: 7}));
      const late = await journal.append(status('CA1', 'ringing'));
      const busy = await journal.append(status('CA1', 'busy', {sequence: 4}));
      const twice = await journal.append(
        status('CA1', 'completed', {source: 'reconcile', dedupeKey: 'again'}),
      );
      assert.deepEqual(
        [late, busy, twice].map(({entry}) => entry.verdict),
        ['late', 'late', 'duplicate'],
      );
      for (const {entry} of [late, busy, twice]) assert.equal(entry.call, undefined);
      const history = await journal.callHistory('CA1');
      assert.deepEqual(
        history?.entries.map(({verdict}) => verdict),
        ['applied', 'applied', 'late', 'late', 'duplicate'],
      );
      assert.equal(history?.call.providerStatus, 'completed');
      assert.equal(history?.call.duration, 7);
      assert.equal(history?.call.offset, 2);
    });

    test('[W1] [H2] a duration received after the end is in the call, its history and the list', async () => {
      await journal.append(status('CA1', 'in-progress'));
      await journal.append(status('CA1', 'completed', {source: 'reconcile', dedupeKey: 'looked-up'}));
      const {entry} = await journal.append(status('CA1', 'completed', {duration: 7}));
      assert.deepEqual([entry.verdict, entry.call?.duration], ['applied', 7]);
      assert.equal((await journal.findCall('CA1'))?.duration, 7);
      assert.equal((await journal.callHistory('CA1'))?.call.duration, 7);
      assert.equal((await journal.listCalls({limit: 1})).calls[0]?.duration, 7);
    });

    test('[J4] [D1] a late event with a new fact is applied: its entry has the call, whose status stays', async () => {
      const bare = {from: undefined, to: undefined, direction: undefined};
      await journal.append(status('CA1', 'in-progress', {sequence: 2, ...bare}));
      const facts = [
        {answeredBy: 'machine_start'},
        {from: '+14155550100'},
        {to: 'client:alice'},
        {parentCallSid: 'CA2'},
        {direction: 'trunking-terminating'},
      ] as const;
      for (const [index, fact] of facts.entries()) {
        const event = {
          ...status('CA1', 'ringing', {sequence: 1, ...bare, ...fact}),
          dedupeKey: `late ${index}`,
        };
        const {entry} = await journal.append(event);
        assert.equal(entry.verdict, 'applied', JSON.stringify(fact));
        assert.deepEqual({...entry.call, ...fact}, entry.call);
        assert.deepEqual([entry.call?.providerStatus, entry.call?.offset], ['in-progress', index + 2]);
        assert.deepEqual(await journal.findCall('CA1'), entry.call);
      }
      const again = await journal.append({...status('CA1', 'ringing', {sequence: 1}), dedupeKey: 'again'});
      assert.deepEqual([again.entry.verdict, again.entry.call], ['late', undefined], 'all facts are known');
    });

    test('[H5] an event without a status keeps the call’s status, and starts a new call as queued', async () => {
      const {providerStatus: _, ...silent} = status('CA1', 'ringing', {
        sequence: undefined,
        dedupeKey: 'silent',
      });
      const {entry} = await journal.append(silent);
      assert.deepEqual([entry.verdict, entry.call?.providerStatus], ['applied', 'queued']);
      await journal.append(status('CA1', 'in-progress'));
      const again = await journal.append({...silent, dedupeKey: 'again'});
      assert.deepEqual([again.entry.verdict, again.entry.call], ['duplicate', undefined]);
      const fact = await journal.append({...silent, dedupeKey: 'fact', answeredBy: 'human'});
      assert.deepEqual([fact.entry.verdict, fact.entry.call?.providerStatus], ['applied', 'in-progress']);
      assert.equal((await journal.callHistory('CA1'))?.entries.length, 4);
    });

    test('[H5] any fields of a webhook are stored unchanged', async () => {
      const parameters = JSON.parse(
        JSON.stringify({
          nul: '\0',
          'a\0b': 'x',
          half: '\ud83d',
          ['x'.repeat(2000)]: 'y'.repeat(50_000),
          'a[b].c d': 'Größe 📞',
        }),
      ) as Record<string, string | string[]>;
      Object.defineProperty(parameters, '__proto__', {value: ['1', '2', '1'], enumerable: true});
      const party = `sip:${'ü'.repeat(2000)}`;
      const event = status('CA1', 'ringing', {from: party, to: `${party}\0`, parameters});
      const {entry} = await journal.append(event);
      assert.equal(entry.call?.from, party);
      const [kept] = (await journal.callHistory('CA1'))?.entries ?? [];
      assert.ok(kept?.event.kind === 'status');
      assert.deepEqual(Object.entries(kept.event.parameters ?? {}), Object.entries(parameters));
      assert.equal((await journal.listCalls({limit: 1, text: 'sip:üü'})).calls[0]?.callSid, 'CA1');
    });

    test('[J4] an applied entry has the call after it', async () => {
      const results = await Promise.all(wholeCall('CA1').map((event) => journal.append(event)));
      assert.deepEqual(
        results.map(({entry}) => entry.call?.providerStatus),
        ['initiated', 'ringing', 'in-progress', 'completed'],
      );
      assert.deepEqual(
        results.map(({entry}) => entry.call?.offset),
        [1, 2, 3, 4],
      );
      assert.deepEqual(await journal.findCall('CA1'), results[3]?.entry.call);
    });

    test('[J4] a command is an entry and does not change the call', async () => {
      const {entry: created} = await journal.append(status('CA1', 'in-progress'));
      const {entry} = await journal.append(command('CA1'));
      assert.equal(entry.verdict, 'applied');
      assert.equal(entry.call, undefined);
      assert.deepEqual(await journal.findCall('CA1'), created.call);
      const {entry: unknown} = await journal.append(command('CA404'));
      assert.equal(unknown.offset, 3);
      assert.equal(await journal.findCall('CA404'), undefined);
    });

    test('[J5] a callback for an unknown call creates it', async () => {
      assert.equal(await journal.findCall('CA1'), undefined);
      assert.equal(await journal.callHistory('CA1'), undefined);
      const {entry} = await journal.append(status('CA1', 'completed', {duration: 3}));
      assert.equal(entry.verdict, 'applied');
      assert.equal(entry.call?.firstOffset, 1);
      assert.equal((await journal.findCall('CA1'))?.endedAt, START + 3000);
    });

    test('a call gets its owner, metadata and numbers from the intent that its callback names', async () => {
      assert.deepEqual(await journal.openIntent(intent('ref-1', {metadata: {order: '7'}}), 0), {
        kind: 'opened',
      });
      assert.deepEqual(await journal.findIntent('ref-1'), {
        ...intent('ref-1', {metadata: {order: '7'}}),
        state: 'open',
      });
      const event = status('CA1', 'initiated', {reference: 'ref-1'});
      const {entry} = await journal.append({...event, from: undefined, to: undefined});
      assert.equal(entry.owner, 'ann');
      assert.equal(entry.call?.owner, 'ann');
      assert.equal(entry.call?.from, '+15550100001');
      assert.equal(entry.call?.to, '+15550100002');
      assert.deepEqual(entry.call?.metadata, {order: '7'});
      const bound = await journal.findIntent('ref-1');
      assert.equal(bound?.state, 'placed');
      assert.equal(bound?.callSid, 'CA1');
      const {entry: asked} = await journal.append(command('CA1'));
      assert.equal(asked.owner, 'ann');
    });

    test('a leg that names the intent belongs to its user, and the intent belongs to the root call', async () => {
      await journal.openIntent(intent('ref-1', {connectTo: '+15550100003'}), 0);
      const leg = status('CA-leg', 'initiated', {
        reference: 'ref-1',
        parentCallSid: 'CA1',
        to: '+15550100003',
      });
      const {entry} = await journal.append(leg);
      assert.equal(entry.owner, 'ann');
      assert.equal(entry.call?.to, '+15550100003');
      assert.equal((await journal.findIntent('ref-1'))?.callSid, 'CA1');
      await journal.append(status('CA1', 'in-progress', {reference: 'ref-1'}));
      assert.equal((await journal.findIntent('ref-1'))?.callSid, 'CA1');
    });

    test('a leg belongs to the owner of its parent, whichever arrives first', async () => {
      await journal.openIntent(intent('ref-1'), 0);
      await journal.append(status('CA-early', 'ringing', {parentCallSid: 'CA1'}));
      assert.equal((await journal.findCall('CA-early'))?.owner, undefined);
      await journal.append(status('CA1', 'in-progress', {reference: 'ref-1'}));
      const {entry} = await journal.append(status('CA-late', 'ringing', {parentCallSid: 'CA1'}));
      assert.equal(entry.owner, 'ann');
      assert.equal((await journal.findCall('CA-early'))?.owner, 'ann');
      const {entry: next} = await journal.append(status('CA-early', 'completed', {parentCallSid: 'CA1'}));
      assert.equal(next.owner, 'ann');
      const history = await journal.callHistory('CA1');
      assert.deepEqual(
        history?.legs.map(({callSid}) => callSid),
        ['CA-early', 'CA-late'],
      );
      assert.deepEqual(
        history?.entries.map(({offset}) => offset),
        [1, 2, 3, 4],
      );
    });

    test('an intent named by two calls stays with the first one', async () => {
      await journal.openIntent(intent('ref-1'), 0);
      await journal.append(status('CA1', 'initiated', {reference: 'ref-1'}));
      await journal.append(status('CA2', 'initiated', {reference: 'ref-1'}));
      assert.equal((await journal.findIntent('ref-1'))?.callSid, 'CA1');
    });

    test('an idempotency key is one intent per user, until the intent is too old or rejected', async () => {
      const key = {idempotencyKey: 'key'};
      const open = (reference: string, more: object, keysSince = START) =>
        journal.openIntent(intent(reference, {...key, ...more}), keysSince);
      assert.equal((await open('ref-1', {})).kind, 'opened');
      assert.deepEqual(await open('ref-2', {createdAt: START + 1}), {
        kind: 'exists',
        intent: {...intent('ref-1', key), state: 'open'},
      });
      assert.equal(await journal.findIntent('ref-2'), undefined);
      assert.equal((await open('ref-bob', {user: 'bob'})).kind, 'opened');
      assert.equal((await open('ref-3', {createdAt: START + 2}, START + 1)).kind, 'opened');
      await journal.rejectIntent('ref-3');
      assert.equal((await journal.findIntent('ref-3'))?.state, 'rejected');
      assert.equal((await open('ref-4', {createdAt: START + 3}, START + 1)).kind, 'opened');
    });

    test('a key finds its first intent, unless the intent is too old or rejected', async () => {
      const key = {idempotencyKey: 'key'};
      assert.equal(await journal.findIntentByKey('ann', 'key', START), undefined);
      await journal.openIntent(intent('ref-1', key), START);
      assert.deepEqual(await journal.findIntentByKey('ann', 'key', START), {
        ...intent('ref-1', key),
        state: 'open',
      });
      assert.equal(await journal.findIntentByKey('bob', 'key', START), undefined);
      assert.equal(await journal.findIntentByKey('ann', 'other', START), undefined);
      assert.equal(await journal.findIntentByKey('ann', 'key', START + 1), undefined);
      await journal.append(status('CA1', 'initiated', {reference: 'ref-1'}));
      assert.equal((await journal.findIntentByKey('ann', 'key', START))?.callSid, 'CA1');
      await journal.openIntent(intent('ref-2', {...key, createdAt: START + 2}), START + 1);
      assert.equal((await journal.findIntentByKey('ann', 'key', START))?.reference, 'ref-1');
      assert.equal((await journal.findIntentByKey('ann', 'key', START + 1))?.reference, 'ref-2');
      await journal.rejectIntent('ref-2');
      assert.equal(await journal.findIntentByKey('ann', 'key', START + 1), undefined);
      assert.equal(journal.head(), 1);
    });

    test('rejecting an unknown intent does nothing', async () => {
      await journal.rejectIntent('ref-404');
      assert.equal(await journal.findIntent('ref-404'), undefined);
      assert.deepEqual(await journal.openIntent(intent('ref-404'), 0), {kind: 'opened'});
      assert.equal((await journal.findIntent('ref-404'))?.state, 'open');
    });

    test('of concurrent intents with one key, only the first is opened', async () => {
      const results = await Promise.all(
        Array.from({length: 10}, (_, index) =>
          journal.openIntent(intent(`ref-${index}`, {idempotencyKey: 'key'}), 0),
        ),
      );
      assert.deepEqual(
        results.map(({kind}) => kind),
        ['opened', ...Array.from({length: 9}, () => 'exists')],
      );
    });

    test('opening an intent again after a lost response returns the same intent', async () => {
      const wanted = intent('ref-1', {idempotencyKey: 'key'});
      assert.deepEqual(await journal.openIntent(wanted, 0), {kind: 'opened'});
      assert.deepEqual(await journal.openIntent(wanted, 0), {kind: 'opened'});
    });

    test('a rejected intent that gets a call is placed', async () => {
      await journal.openIntent(intent('ref-1'), 0);
      await journal.rejectIntent('ref-1');
      await journal.append(status('CA1', 'initiated', {reference: 'ref-1'}));
      assert.equal((await journal.findIntent('ref-1'))?.state, 'placed');
      await journal.rejectIntent('ref-1');
      assert.equal((await journal.findIntent('ref-1'))?.state, 'placed');
    });

    test('active calls are those that have not ended, as of one offset', async () => {
      for (const callSid of ['CA1', 'CA2', 'CA3']) await journal.append(status(callSid, 'ringing'));
      await journal.append(status('CA2', 'no-answer'));
      const {offset, calls} = await journal.activeCalls();
      assert.equal(offset, 4);
      assert.deepEqual(calls.map(({callSid}) => callSid).sort(), ['CA1', 'CA3']);
    });

    test('active calls agree with the entries up to their offset during appends', async () => {
      const appends = Array.from({length: 200}, (_, index) => wholeCall(`CA${index}`))
        .flat()
        .map((event) => journal.append(event));
      const snapshots = await Promise.all(
        appends
          .filter((_, index) => index % 40 === 0)
          .map((append) => append.then(() => journal.activeCalls())),
      );
      await Promise.all(appends);
      const entries = await readAll();
      for (const {offset, calls} of snapshots) {
        const expected = new Map(entries.slice(0, offset).map(({event, call}) => [event.callSid, call]));
        const active = [...expected.values()].filter((call) => call?.endedAt === undefined);
        assert.deepEqual([...calls].sort(byFirstOffset), active.sort(byFirstOffset));
      }
    });

    test('[H2] calls are listed newest first, by state and owner, with a cursor', async () => {
      await journal.openIntent(intent('ref-1'), 0);
      await journal.append(status('CA1', 'ringing', {reference: 'ref-1'}));
      for (const event of wholeCall('CA2')) await journal.append(event);
      await journal.append(status('CA3', 'ringing'));
      await journal.append(status('CA1', 'in-progress'));
      const list = async (query: object) =>
        (await journal.listCalls({limit: 10, ...query})).calls.map(({callSid}) => callSid);
      assert.deepEqual(await list({}), ['CA3', 'CA2', 'CA1']);
      assert.deepEqual(await list({state: 'active'}), ['CA3', 'CA1']);
      assert.deepEqual(await list({state: 'ended'}), ['CA2']);
      assert.deepEqual(await list({owner: 'ann'}), ['CA1']);
      assert.deepEqual(await list({owner: 'ann', state: 'ended'}), []);
      assert.deepEqual(await list({limit: 1}), ['CA3']);
      const cursor = (await journal.listCalls({limit: 2})).next;
      assert.deepEqual(await list({before: cursor}), ['CA1']);
    });

    test('[H2] calls are filtered by outcome, direction, creation time and legs, in any combination', async () => {
      await journal.openIntent(intent('ref-1'), 0);
      const at = (minute: number) => ({
        happenedAt: START + minute * 60_000,
        receivedAt: START + minute * 60_000,
      });
      await journal.append(status('CA1', 'completed', {...at(0), direction: 'inbound'}));
      await journal.append(status('CA2', 'busy', {...at(10), reference: 'ref-1'}));
      await journal.append(status('CA3', 'no-answer', {...at(20), parentCallSid: 'CA2'}));
      await journal.append(status('CA4', 'canceled', {...at(30), direction: 'trunking-originating'}));
      await journal.append(status('CA5', 'failed', at(40)));
      await journal.append(status('CA6', 'ringing', at(50)));
      const from = (minute: number) => ({createdFrom: START + minute * 60_000});
      const before = (minute: number) => ({createdBefore: START + minute * 60_000});
      const cases: readonly (readonly [Partial<CallQuery>, string])[] = [
        [{outcomes: ['completed']}, 'CA1'],
        [{outcomes: ['failed', 'busy', 'no-answer', 'busy']}, 'CA5 CA3 CA2'],
        [{outcomes: []}, 'CA6 CA5 CA4 CA3 CA2 CA1'],
        [{outcomes: ['busy'], state: 'active'}, ''],
        [{outcomes: ['busy', 'canceled'], state: 'ended'}, 'CA4 CA2'],
        [{direction: 'inbound'}, 'CA4 CA1'],
        [{direction: 'outbound'}, 'CA6 CA5 CA3 CA2'],
        [{direction: 'outbound', state: 'ended'}, 'CA5 CA3 CA2'],
        [{direction: 'outbound', state: 'active'}, 'CA6'],
        [from(20), 'CA6 CA5 CA4 CA3'],
        [before(20), 'CA2 CA1'],
        [{...from(10), ...before(30)}, 'CA3 CA2'],
        [{...from(10), ...before(10)}, ''],
        [from(600), ''],
        [{legs: 'none'}, 'CA6 CA5 CA4 CA2 CA1'],
        [{legs: 'none', state: 'ended', ...from(10), direction: 'outbound'}, 'CA5 CA2'],
        [{owner: 'ann'}, 'CA3 CA2'],
        [{owner: 'ann', legs: 'none', outcomes: ['busy', 'failed']}, 'CA2'],
        [{owner: 'ann', direction: 'inbound'}, ''],
        [{outcomes: ['busy', 'failed'], direction: 'outbound', ...before(40)}, 'CA2'],
      ];
      for (const [query, expected] of cases) {
        assert.equal(await sidsOf(journal, {limit: 10, ...query}), expected, JSON.stringify(query));
        assert.equal(
          await sidsOf(journal, {limit: 1, ...query}),
          expected,
          `${JSON.stringify(query)} one by one`,
        );
      }
    });

    test('[H2] calls are found by a part of a number, a prefix of a SID, or the full name of a user', async () => {
      await journal.openIntent(intent('ref-1', {user: 'Ann B'}), 0);
      const hex = 'ab12cd34ab12cd34ab12cd34ab12cd';
      await journal.append(status(`CA01${hex}`, 'ringing', {from: '+49 170 333-0161', to: '+15550100777'}));
      await journal.append(status(`CA02${hex}`, 'completed', {from: 'client:Ann-1', to: '+15550100778'}));
      await journal.append(status(`CA03${hex}`, 'ringing', {reference: 'ref-1'}));
      await journal.append(status('CA04', 'ringing', {from: '', to: '', direction: 'inbound'}));
      const cases: readonly (readonly [Partial<CallQuery>, string])[] = [
        [{text: '3330161'}, '01'],
        [{text: '+49 (170) 333'}, '01'],
        [{text: '0100'}, '03 02 01'],
        [{text: '07 77'}, '01'],
        [{text: '100777 4917'}, ''],
        [{text: '4917'}, '01'],
        [{text: '9999999'}, ''],
        [{text: 'CLIENT:ann'}, '02'],
        [{text: 'ca0'}, '04 03 02 01'],
        [{text: 'Ca02'}, '02'],
        [{text: 'a02'}, ''],
        [{text: '02ab1'}, ''],
        [{text: 'ca02AB12'}, '02'],
        [{text: `CA03${hex}`}, '03'],
        [{text: `CA03${hex}`, state: 'ended'}, ''],
        [{text: `CA03${hex}0`}, ''],
        [{text: 'ca02ab13'}, ''],
        [{text: 'Ann B'}, '03'],
        [{text: 'Ann'}, '02'],
        [{text: 'Ann C'}, ''],
        [{text: '+'}, '04 03 02 01'],
        [{text: '%'}, ''],
        [{text: '0100', state: 'ended'}, '02'],
        [{text: '0100', outcomes: ['completed', 'busy']}, '02'],
        [{text: '0100', owner: 'Ann B'}, '03'],
        [{text: '0100', direction: 'inbound'}, ''],
      ];
      for (const [query, expected] of cases) {
        const found = await sidsOf(journal, {limit: 10, ...query});
        assert.equal(found.replaceAll(/CA(..)\w*/g, '$1'), expected, JSON.stringify(query));
      }
    });

    test('[H2] a number received late is found', async () => {
      await journal.append(status('CA1', 'ringing', {from: '', to: ''}));
      assert.equal(await sidsOf(journal, {text: '4917', limit: 10}), '');
      await journal.append(status('CA1', 'in-progress', {from: '+49170', to: ''}));
      assert.equal(await sidsOf(journal, {text: '4917', limit: 10}), 'CA1');
    });

    test('[H2] every filter pages through its calls once, newest first, past many that do not match', async () => {
      await journal.openIntent(intent('ref-1'), 0);
      const ends = ['completed', 'busy', 'failed', 'no-answer'] as const;
      const appends = Array.from({length: 4000}, (_, index) =>
        journal.append(
          status(`CA${index}`, index % 10 === 0 ? 'ringing' : (ends[index % 4] ?? 'busy'), {
            happenedAt: START + index * 1000,
            receivedAt: START + index * 1000,
            direction: index % 3 === 0 ? 'inbound' : 'outbound-api',
            to: index % 1500 === 7 ? '+4930000777' : '+15550100002',
            ...(index % 1000 === 3 ? {reference: 'ref-1'} : {}),
          }),
        ),
      );
      await Promise.all(appends);
      const {calls} = await journal.listCalls({limit: 10_000});
      assert.equal(calls.length, 4000);
      const queries: readonly (readonly [Partial<CallQuery>, (call: CallRecord) => boolean])[] = [
        [{text: '30 000'}, ({to}) => to === '+4930000777'],
        [{text: 'ann'}, ({owner}) => owner === 'ann'],
        [{outcomes: ['busy', 'failed']}, ({providerStatus}) => ['busy', 'failed'].includes(providerStatus)],
        [
          {direction: 'inbound', state: 'ended'},
          (call) => call.direction === 'inbound' && call.endedAt !== undefined,
        ],
        [{owner: 'ann', text: '0002'}, ({owner, to}) => owner === 'ann' && to.endsWith('0002')],
        [
          {createdFrom: START + 500_500, createdBefore: START + 3_000_000, outcomes: ['failed']},
          ({createdAt, providerStatus}) =>
            createdAt >= START + 500_500 && createdAt < START + 3_000_000 && providerStatus === 'failed',
        ],
      ];
      for (const [query, matches] of queries) {
        const expected = calls.filter(matches).map(({callSid}) => callSid);
        assert.ok(expected.length > 1);
        assert.equal(await sidsOf(journal, {limit: 70, ...query}), expected.join(' '), JSON.stringify(query));
      }
    });

    test('[H2] statistics count ended root calls by the hour of creation, for all users and for one', async () => {
      await journal.openIntent(intent('ref-1'), 0);
      const hour = START / 3_600_000;
      const zero = {answered: 0, completed: 0, busy: 0, 'no-answer': 0, canceled: 0, failed: 0};
      const count = (owner?: string) =>
        journal.callStatistics({fromHour: hour, toHour: hour + 3, ...(owner === undefined ? {} : {owner})});
      for (const event of wholeCall('CA1', {reference: 'ref-1'})) await journal.append(event);
      await journal.append(status('CA2', 'busy'));
      await journal.append(status('CA3', 'ringing'));
      await journal.append(status('CA-leg', 'completed', {parentCallSid: 'CA1'}));
      const later = {happenedAt: START + 7_200_000, receivedAt: START + 7_200_000};
      await journal.append(status('CA4', 'no-answer', later));
      await journal.append(status('CA5', 'in-progress', later));
      await journal.append(status('CA5', 'failed', later));
      const outside = {happenedAt: START + 3 * 3_600_000, receivedAt: START + 3 * 3_600_000};
      await journal.append(status('CA6', 'completed', outside));
      const second = {...zero, hour: hour + 2, 'no-answer': 1, failed: 1, answered: 1};
      assert.deepEqual(await count(), [{...zero, hour, completed: 1, busy: 1, answered: 1}, second]);
      assert.deepEqual(await count('ann'), [{...zero, hour, completed: 1, answered: 1}]);
      assert.deepEqual(await count('all'), []);
      assert.deepEqual(await count('bob'), []);
      await reopen();
      assert.deepEqual(await count('ann'), [{...zero, hour, completed: 1, answered: 1}]);
      await journal.trim({endedBefore: START + 3_600_000, limit: 10});
      assert.deepEqual(await count(), [second]);
      assert.deepEqual(await count('ann'), []);
    });

    test('[H2] statistics include an owner, parent or answer received after the end', async () => {
      await journal.openIntent(intent('ref-1'), 0);
      const hour = START / 3_600_000;
      const count = async (owner?: string) => {
        const query = {fromHour: hour, toHour: hour + 1, ...(owner === undefined ? {} : {owner})};
        const [row] = await journal.callStatistics(query);
        return [row?.failed ?? 0, row?.answered ?? 0];
      };
      await journal.append(status('CA1', 'failed'));
      await journal.append(status('CA2', 'failed'));
      assert.deepEqual(
        [await count(), await count('ann')],
        [
          [2, 0],
          [0, 0],
        ],
      );
      await journal.append(status('CA1', 'in-progress', {reference: 'ref-1'}));
      assert.deepEqual(
        [await count(), await count('ann')],
        [
          [2, 1],
          [1, 1],
        ],
      );
      await journal.append(status('CA2', 'ringing', {parentCallSid: 'CA1'}));
      assert.deepEqual(
        [await count(), await count('ann')],
        [
          [1, 1],
          [1, 1],
        ],
      );
    });

    test('[H2] a history has the parameters and the repeat count', async () => {
      const parameters = {CallSid: 'CA1', CallStatus: 'ringing'};
      const event = status('CA1', 'ringing', {parameters});
      await journal.append(event);
      await journal.append(event);
      const entry = (await journal.callHistory('CA1'))?.entries[0];
      assert.deepEqual(entry?.event, event);
      assert.equal(entry?.repeats, 1);
    });

    test('[J8] trimming removes ended calls with all their data, and no other calls', async () => {
      await journal.openIntent(intent('ref-old'), 0);
      for (const event of wholeCall('CA-old', {reference: 'ref-old'})) await journal.append(event);
      await journal.append(status('CA-active', 'ringing'));
      const later = {happenedAt: START + 60_000, receivedAt: START + 60_000};
      await journal.append(status('CA-new', 'completed', later));
      assert.equal(await journal.trim({endedBefore: START + 30_000, limit: 10}), 1);
      assert.equal(await journal.findCall('CA-old'), undefined);
      assert.equal(await journal.callHistory('CA-old'), undefined);
      assert.equal(await journal.findIntent('ref-old'), undefined);
      assert.deepEqual(
        (await journal.listCalls({limit: 10})).calls.map(({callSid}) => callSid),
        ['CA-new', 'CA-active'],
      );
      assert.equal(journal.head(), 6);
    });

    test('[J8] [W11] a read before the trimmed entries is too old, a read after them is not', async () => {
      for (const event of wholeCall('CA1')) await journal.append(event);
      await journal.append(status('CA2', 'ringing'));
      await journal.trim({endedBefore: START + 30_000, limit: 10});
      const check = async () => {
        assert.deepEqual(await journal.read(0, 10), {kind: 'too-old', oldest: 4});
        assert.deepEqual(await journal.read(3, 10), {kind: 'too-old', oldest: 4});
        assert.deepEqual(
          (await readAll(4)).map(({offset}) => offset),
          [5],
        );
      };
      await check();
      await reopen();
      await check();
    });

    test('[J8] [J3] offsets continue after the last entry was trimmed', async () => {
      for (const event of wholeCall('CA1')) await journal.append(event);
      assert.equal(await journal.trim({endedBefore: START + 30_000, limit: 10}), 1);
      assert.equal(journal.head(), 4);
      const opening = await reopen();
      assert.equal(opening.head, 4);
      assert.equal(opening.lost, undefined);
      assert.equal((await journal.activeCalls()).offset, 4);
      const {entry} = await journal.append(status('CA2', 'ringing'));
      assert.equal(entry.offset, 5);
    });

    test('[J8] a trim removes at most the limit, oldest calls first', async () => {
      for (let index = 0; index < 60; index += 1) {
        const at = {happenedAt: START + index, receivedAt: START + index};
        await journal.append(status(`CA${index}`, 'completed', at));
      }
      assert.equal(await journal.trim({endedBefore: START + 50, limit: 30}), 30);
      const {calls: left} = await journal.listCalls({limit: 100});
      assert.equal(left.length, 30);
      assert.equal(left.at(-1)?.callSid, 'CA30');
      assert.equal(await journal.trim({endedBefore: START + 50, limit: 30}), 20);
      assert.equal(await journal.trim({endedBefore: START + 50, limit: 30}), 0);
    });

    test('[J8] a call and its legs are trimmed together, once all have ended', async () => {
      await journal.append(status('CA1', 'completed'));
      await journal.append(status('CA-leg', 'in-progress', {parentCallSid: 'CA1'}));
      const trim = () => journal.trim({endedBefore: START + 30_000, limit: 10});
      assert.equal(await trim(), 0);
      await journal.append(status('CA-leg', 'completed', {parentCallSid: 'CA1'}));
      assert.equal(await trim(), 2);
      assert.deepEqual(await journal.listCalls({limit: 10}), {calls: []});
    });

    test('[J8] a call with a recent event stays, even if it ended long ago', async () => {
      await journal.append(status('CA1', 'completed'));
      await journal.append(status('CA1', 'ringing', {receivedAt: START + 60_000}));
      assert.equal(await journal.trim({endedBefore: START + 30_000, limit: 10}), 0);
    });

    test('[J1] close writes all accepted events', async () => {
      const appends = Array.from({length: 500}, (_, index) =>
        journal.append(status(`CA${index}`, 'ringing')),
      );
      await Promise.all([journal.close(), journal.close()]);
      assert.equal((await Promise.all(appends)).length, 500);
      const opening = await reopen();
      assert.equal(opening.head, 500);
    });

    test('a closed journal rejects every operation with JournalUnavailableError', async () => {
      await journal.close();
      await journal.close();
      const refused = [
        journal.append(status('CA1', 'ringing')),
        journal.read(0, 1),
        journal.activeCalls(),
        journal.findCall('CA1'),
        journal.callHistory('CA1'),
        journal.listCalls({limit: 1}),
        journal.callStatistics({fromHour: 0, toHour: 1}),
        journal.openIntent(intent('ref'), 0),
        journal.rejectIntent('ref'),
        journal.findIntent('ref'),
        journal.findIntentByKey('ann', 'key', 0),
        journal.trim({endedBefore: 0, limit: 1}),
        journal.probe(),
      ];
      for (const promise of refused) await assert.rejects(promise, JournalUnavailableError);
    });
  });
}

/** The SIDs of all pages in order. Asserts that each page respects the limit. */
async function sidsOf(journal: Journal, query: CallQuery): Promise<string> {
  const sids: string[] = [];
  let next: Offset | undefined;
  do {
    const page = await journal.listCalls({...query, ...(next === undefined ? {} : {before: next})});
    assert.ok(page.calls.length <= query.limit);
    assert.ok(page.next === undefined || page.next < (next ?? Infinity));
    sids.push(...page.calls.map(({callSid}) => callSid));
    next = page.next;
  } while (next !== undefined);
  return sids.join(' ');
}

/** Registers a test. The runner awaits it. */
function test(title: string, run: () => Promise<void>): void {
  void runTest(title, run);
}

function byFirstOffset(a: {firstOffset?: number} | undefined, b: {firstOffset?: number} | undefined): number {
  return (a?.firstOffset ?? 0) - (b?.firstOffset ?? 0);
}
