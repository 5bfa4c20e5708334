/**
 * What a group costs as a function of its size: the journal's adapter alone, in this process, on a database that has
 * nothing else to do. From the moment the head is locked until the commit is confirmed nobody else can append: that is
 * what one journal is limited by, however many nodes there are.
 */
import type {StatusEvent} from '../../src/journal/call-event.ts';
import {PostgresJournal} from '../../src/journal/postgres/postgres-journal.ts';
import type {PostgresConnection} from '../../src/postgres/postgres-connection.ts';
import {PostgresDatabase} from '../../src/postgres/postgres-database.ts';
import {controlValues, readControlFields} from '../../src/twilio/webhook/control-fields.ts';
import {toStatusEvent} from '../../src/twilio/webhook/webhook.ts';
import {callbackFields, callbackStatuses, randomCallSid} from '../load/callbacks.ts';
import {collectGarbage} from '../load/limits.ts';
import {percentile} from '../report/statistics.ts';

/** The journal's adapter alone: groups of one size, one after the other. */
export interface GroupMeasurement {
  /** Entries of the group. */
  readonly size: number;
  /** Median, from the answer to the lock until the answer to the commit. */
  readonly lockedMs: number;
  /** Entries a second, including the wait for the lock. */
  readonly perSecond: number;
}

export interface GroupCostOptions {
  readonly databaseUrl: string;
  readonly sizes: readonly number[];
  /** Groups of each size. */
  readonly groups: number;
  /** Before those, so that plans are made and code is compiled. */
  readonly warmUpGroups: number;
}

/** @throws when a group was not the size it was meant to be */
export async function measureGroups(options: GroupCostOptions): Promise<readonly GroupMeasurement[]> {
  const {databaseUrl, sizes, groups, warmUpGroups} = options;
  const database = new TimedDatabase({url: databaseUrl});
  const journal = new PostgresJournal({database});
  await journal.open();
  try {
    const measured: GroupMeasurement[] = [];
    const append = async (group: readonly StatusEvent[]) => {
      await Promise.all(group.map((event) => journal.append(event)));
    };
    for (const size of sizes) {
      // What the database does by itself within minutes: plans of before it are those of empty tables.
      await database.query('VACUUM (ANALYZE)');
      for (const group of groupsOf(size, warmUpGroups)) await append(group);
      const prepared = groupsOf(size, groups);
      collectGarbage();
      database.lockedMs.length = 0;
      const startedAt = performance.now();
      for (const group of prepared) await append(group);
      const seconds = (performance.now() - startedAt) / 1000;
      if (database.lockedMs.length !== groups)
        throw new Error(`${groups} groups of ${size} were ${database.lockedMs.length} transactions`);
      const lockedMs = percentile(
        database.lockedMs.toSorted((a, b) => a - b),
        0.5,
      );
      measured.push({size, lockedMs, perSecond: (groups * size) / seconds});
    }
    return measured;
  } finally {
    await journal.close();
  }
}

/** Notes how long each transaction of its writer holds the head. */
class TimedDatabase extends PostgresDatabase {
  readonly lockedMs: number[] = [];

  override async connect(...options: Parameters<PostgresDatabase['connect']>): Promise<PostgresConnection> {
    const connection = await super.connect(...options);
    const query = connection.query.bind(connection);
    const run = connection.run.bind(connection);
    let lockedAt = Number.NaN;
    connection.query = async (statement, values) => {
      const rows = await query(statement, values);
      if (typeof statement !== 'string' && statement.name === 'lock-head') lockedAt = performance.now();
      return rows;
    };
    connection.run = async (sql) => {
      const answer = await run(sql);
      if (sql === 'COMMIT') this.lockedMs.push(performance.now() - lockedAt);
      return answer;
    };
    return connection;
  }
}

/** Each event of a group is of another call; of them, as many begin as ring, are answered and end. */
function groupsOf(size: number, count: number): readonly (readonly StatusEvent[])[] {
  const calls = Array.from({length: size}, randomCallSid);
  return Array.from({length: count}, (_group, group) =>
    calls.map((_callSid, place) => {
      const sequence = (group + place) % callbackStatuses.length;
      if (sequence === 0) calls[place] = randomCallSid();
      return eventOf(calls[place] ?? '', sequence);
    }),
  );
}

function eventOf(callSid: string, sequence: number): StatusEvent {
  const fields = callbackFields(callSid, sequence);
  return toStatusEvent({
    control: {...readControlFields(controlValues(Object.entries(fields))), callSid},
    fields,
    text: JSON.stringify(fields),
    reference: callSid.slice(2, 24),
    receivedAt: Date.now(),
    route: 'status',
  });
}
