/** The read queries of the port. Each returns JSON text. */
import type {DatabaseSync, SQLInputValue, StatementSync} from 'node:sqlite';
import {statisticsVisibility} from '../../call-facets.ts';
import type {StatisticsQuery} from '../../queryable-journal.ts';
import {SELECT_STATISTICS} from '../call-statistics.ts';
import {SELECT_HEAD} from '../meta.ts';
import {entryJson, intentJson, numberOf, optionalTextOf, textOf} from '../rows.ts';
import type {ReaderRequest} from '../worker-messages.ts';
import {SELECT_INTENT_BY_KEY} from '../writer/intent-statements.ts';
import {CallListQueries} from './call-list-queries.ts';

type Query = Exclude<ReaderRequest, {kind: 'close'}>;
type ReadQuery = Extract<Query, {kind: 'read'}>;
type KeyQuery = Extract<Query, {kind: 'find-intent-by-key'}>;

export class ReaderQueries {
  readonly #database: DatabaseSync;
  /** Prepared statements by SQL text. Lists use only a few different texts. */
  readonly #statements = new Map<string, StatementSync>();

  readonly #callLists: CallListQueries;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#callLists = new CallListQueries((sql) => this.#statement(sql));
  }

  answer(query: Query): string | undefined {
    switch (query.kind) {
      case 'read':
        return this.#read(query);
      case 'active-calls':
        return this.#activeCalls();
      case 'find-call':
        return optionalTextOf(
          this.#get('SELECT record FROM calls WHERE call_sid = ?', query.callSid)?.['record'],
        );
      case 'call-history':
        return this.#callHistory(query.callSid);
      case 'list-calls':
        return this.#callLists.list(query.query);
      case 'call-statistics':
        return this.#callStatistics(query.query);
      case 'find-intent':
        return this.#findIntent(query.reference);
      case 'find-intent-by-key':
        return this.#findIntentByKey(query);
    }
  }

  #read({after, upTo, limit}: ReadQuery): string {
    // Read in the same snapshot as the entries, because a trim in between would leave a gap in the page.
    const trimmedTo = numberOf(this.#get('SELECT trimmed_to FROM meta')?.['trimmed_to']);
    if (after < trimmedTo) return `{"kind":"too-old","oldest":${trimmedTo}}`;
    const rows = this.#all(
      `SELECT "offset", event, verdict, owner, call, checksum FROM entries
       WHERE "offset" > ? AND "offset" <= ? ORDER BY "offset" LIMIT ?`,
      after,
      upTo,
      limit,
    );
    return `{"kind":"entries","entries":${arrayJson(rows.map((row) => entryJson(row)))}}`;
  }

  #activeCalls(): string {
    const head = this.#get(SELECT_HEAD);
    const rows = this.#all('SELECT record FROM calls WHERE ended_at IS NULL ORDER BY first_offset');
    return `{"offset":${numberOf(head?.['head'])},"calls":${arrayJson(records(rows))}}`;
  }

  #callHistory(callSid: string): string | undefined {
    const call = this.#get('SELECT record, first_offset FROM calls WHERE call_sid = ?', callSid);
    if (call === undefined) return undefined;
    const legs = this.#all(
      'SELECT record, first_offset FROM calls WHERE parent_call_sid = ? ORDER BY first_offset',
      callSid,
    );
    const rows = [call, ...legs].flatMap(({first_offset: callOffset}) =>
      this.#all('SELECT * FROM entries WHERE call_offset = ?', numberOf(callOffset)),
    );
    const entries = rows.sort((a, b) => numberOf(a['offset']) - numberOf(b['offset'])).map(evidenceJson);
    return `{"call":${textOf(call['record'])},"legs":${arrayJson(records(legs))},"entries":${arrayJson(entries)}}`;
  }

  #callStatistics({fromHour, toHour, owner}: StatisticsQuery): string {
    const rows = this.#all(SELECT_STATISTICS, statisticsVisibility(owner), fromHour, toHour);
    return JSON.stringify(rows);
  }

  #findIntent(reference: string): string | undefined {
    const row = this.#get('SELECT intent, state, call_sid FROM intents WHERE reference = ?', reference);
    return row === undefined ? undefined : intentJson(row);
  }

  #findIntentByKey({user, idempotencyKey, since}: KeyQuery): string | undefined {
    const row = this.#get(SELECT_INTENT_BY_KEY, user, idempotencyKey, since);
    return row === undefined ? undefined : intentJson(row);
  }

  #get(sql: string, ...values: SQLInputValue[]) {
    return this.#statement(sql).get(...values);
  }

  #all(sql: string, ...values: SQLInputValue[]) {
    return this.#statement(sql).all(...values);
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

type Rows = ReturnType<StatementSync['all']>;

function records(rows: Rows): string[] {
  return rows.map((row) => textOf(row['record']));
}

function arrayJson(items: readonly string[]): string {
  return `[${items.join(',')}]`;
}

/** An entry whose event has its parameters again. */
function evidenceJson(row: Rows[number]): string {
  const parameters = optionalTextOf(row['parameters']);
  const event = textOf(row['event']);
  return entryJson(row, {
    ...(parameters === undefined ? {} : {event: `${event.slice(0, -1)},"parameters":${parameters}}`}),
    repeats: String(numberOf(row['repeats'])),
  });
}
