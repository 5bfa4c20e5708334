/**
 * Callbacks are shuffled, repeated and spread over the nodes of one journal, while some nodes stop and start.
 *
 * All readers see the same entries, each once and in order. Every call equals the result of its applied
 * entries. `SEED=n npm test -- test/integration/journal/postgres-simulation.test.ts` runs one seed.
 */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {JournalUnavailableError} from '../../../src/errors/app-error.ts';
import type {CallRecord, JournalEntry, StatusEvent} from '../../../src/journal/call-event.ts';
import type {PostgresJournal} from '../../../src/journal/postgres/postgres-journal.ts';
import {status, wholeCall} from '../../support/journal/journal-events.ts';
import {createNode} from '../../support/journal/journal-postgres-fixture.ts';
import {databaseOf} from '../../support/postgres/postgres.ts';
import {SeededRandom} from '../../support/simulation/random.ts';
import {until} from '../../support/until.ts';

const CALLS = 60;
const RESTARTS = 3;

const only = process.env['SEED'];
const seeds = only === undefined ? [1, Math.floor(Math.random() * 2 ** 31)] : [Number(only)];

for (const count of [2, 3]) {
  for (const seed of seeds) {
    void test(`[J2] [J3] [J4] ${count} nodes agree on one history (seed ${seed})`, async (t) => {
      const random = new SeededRandom(seed);
      const url = await databaseOf(t);
      const nodes: PostgresJournal[] = [];
      t.after(() => Promise.all(nodes.map((node) => node.close())));
      const start = async (index: number) => {
        const node = createNode(url);
        nodes[index] = node;
        await node.open();
      };
      for (let index = 0; index < count; index += 1) await start(index);
      const events = shuffledEvents(random);
      const keys = new Set(events.map(({dedupeKey}) => dedupeKey));
      /** Like Twilio, tries another node when a node refuses the callback. */
      const deliver = async (event: StatusEvent): Promise<void> => {
        const node = nodes[random.int(0, count - 1)];
        try {
          await node?.append(event);
        } catch (error) {
          if (!(error instanceof JournalUnavailableError)) throw error;
          await deliver(event);
        }
      };
      const seen: JournalEntry[] = [];
      let restarts = 0;
      for (let from = 0; from < events.length; from += 25) {
        const batch = events.slice(from, from + 25).map(deliver);
        if (restarts < RESTARTS && random.int(0, 2) === 0) {
          restarts += 1;
          const index = random.int(0, count - 1);
          await nodes[index]?.close();
          await start(index);
        }
        // A session that continues at any node.
        const page = await nodes[random.int(0, count - 1)]?.read(seen.at(-1)?.offset ?? 0, 40);
        if (page?.kind === 'entries') seen.push(...page.entries);
        await Promise.all(batch);
      }
      await until(() => nodes.every((node) => node.head() === keys.size), {
        what: 'every node to be at the head',
      });
      const histories = await Promise.all(nodes.map((node) => node.read(0, 100_000)));
      const [first] = histories;
      assert.ok(first?.kind === 'entries');
      for (const history of histories) assert.deepEqual(history, first);
      assert.deepEqual(
        first.entries.map(({offset}) => offset),
        Array.from({length: keys.size}, (_, index) => index + 1),
      );
      assert.deepEqual(seen, first.entries.slice(0, seen.length));
      assert.deepEqual(new Set(first.entries.map(({event}) => event.dedupeKey)), keys);
      await checkCalls(first.entries, nodes);
    });
  }
}

/** Four callbacks and a second final status per call, some of them repeated, in any order. */
function shuffledEvents(random: SeededRandom): readonly StatusEvent[] {
  const once = Array.from({length: CALLS}, (_, index) => [
    ...wholeCall(`CA${index}`),
    status(`CA${index}`, 'failed', {source: 'reconcile', dedupeKey: `CA${index}:looked-up`}),
  ]).flat();
  const repeated = once.flatMap((event) => Array.from({length: 1 + random.int(0, 2)}, () => event));
  return repeated
    .map((event) => ({event, place: random.int(0, 1_000_000)}))
    .sort((a, b) => a.place - b.place)
    .map(({event}) => event);
}

async function checkCalls(
  entries: readonly JournalEntry[],
  nodes: readonly PostgresJournal[],
): Promise<void> {
  const left = new Map<string, CallRecord>();
  for (const {call} of entries) {
    if (call === undefined) continue;
    // The first final status stays.
    assert.equal(left.get(call.callSid)?.endedAt, undefined);
    left.set(call.callSid, call);
  }
  for (const [callSid, call] of left) {
    for (const node of nodes) {
      const found = await node.findCall(callSid);
      assert.equal(found?.providerStatus, call.providerStatus);
      assert.equal(found?.offset, call.offset);
    }
  }
  assert.equal(left.size, CALLS);
}
