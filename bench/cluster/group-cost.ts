/**
 * Measures a group's cost by its size: the journal adapter alone, in this process, on an otherwise idle database. No
 * other node can append from the moment the head is locked until the commit is confirmed. This limits one journal,
 * regardless of the number of nodes.
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

/** The measurement for groups of one size. */
export interface GroupMeasurement {
  /** Entries per group. */
  readonly size: number;
  /** Median time from the response to the lock until the response to the commit. */
  readonly lockedMs: number;
  /** Entries per second, including the wait for the lock. */
  readonly perSecond: number;
}

export interface GroupCostOptions {
  readonly databaseUrl: string;
  readonly sizes: readonly number[];
  /** Groups of each size. */
  readonly groups: number;
  /** Groups before the measurement, so that plans are made and code is compiled. */
  readonly warmUpGroups: number;
}

/** @throws when a group was split into several transactions */
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
      // Autovacuum does this within minutes. Earlier query plans assume empty tables.
      await database.query('VACUUM (ANALYZE)');
      for (const group of groupsOf(size, warmUpGroups)) await append(group);
      const prepared = groupsOf(size, groups);
      collectGarbage();
      database.lockedMs.length = 0;
      const startedAt = performance.now();
      for (const group of prepared) await append(group);
      const seconds = (performance.now() - startedAt) / 1000;
      if (database.lockedMs.length !== groups)
        throw new Error(`${groups} groups of ${size} took ${database.lockedMs.length} transactions`);
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

/** Records how long each transaction of the writer holds the head lock. */
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

/** Each event of a group belongs to a different call. The four statuses are equally frequent. */
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
