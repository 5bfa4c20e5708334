/**
 * The tables of the SQLite journal. Migrations are numbered by position, go forward only, and are never
 * edited.
 */
import type {DatabaseSync} from 'node:sqlite';
import {CREATE_STATISTICS} from './call-statistics.ts';
import {facetValues} from './facet-columns.ts';
import {numberOf, parseCall, textOf} from './rows.ts';
import {CREATE_TRIMMED_CALLS} from './writer/trimmed-calls.ts';

interface Migration {
  readonly sql: string;
  /** Fills in data that SQL cannot compute. */
  readonly fill?: (database: DatabaseSync) => void;
  /** Runs after `fill`. Building an index at once is faster than growing it. */
  readonly afterwards?: string;
}

const firstTables: Migration = {
  sql: `CREATE TABLE meta (
     id          INTEGER PRIMARY KEY CHECK (id = 1), -- there is one row
     epoch       TEXT    NOT NULL, -- names this history; offsets of another epoch mean nothing here
     trimmed_to  INTEGER NOT NULL, -- highest offset ever trimmed: above it, entries are without gaps
     probes      INTEGER NOT NULL  -- counts probe(): a write that means nothing else
   ) STRICT;

   CREATE TABLE entries (
     "offset"    INTEGER PRIMARY KEY,        -- 1, 2, 3 … in commit order
     dedupe_key  TEXT    NOT NULL UNIQUE,    -- one webhook, one entry, however often it comes
     call_sid    TEXT    NOT NULL,           -- the call it is about
     verdict     TEXT    NOT NULL,           -- applied, late or duplicate
     repeats     INTEGER NOT NULL DEFAULT 0, -- how often the same event came again
     owner       TEXT,                       -- user who may see it; the call's owner when it was written
     event       TEXT    NOT NULL,           -- JSON of the CallEvent, without parameters
     call        TEXT,                       -- JSON of the CallRecord after it; where a status was applied
     parameters  TEXT                        -- JSON of the webhook's fields, as evidence
   ) STRICT;
   CREATE INDEX entries_by_call ON entries (call_sid);

   CREATE TABLE calls (
     first_offset    INTEGER PRIMARY KEY,  -- offset of its first entry: calls are listed by it
     call_sid        TEXT    NOT NULL UNIQUE,
     parent_call_sid TEXT,                 -- the call it is a leg of
     owner           TEXT,                 -- user who may see it
     ended_at        INTEGER,              -- ms since 1970; NULL while in progress
     updated_at      INTEGER NOT NULL,     -- ms since 1970 of the last evidence, late evidence included
     record          TEXT    NOT NULL      -- JSON of the CallRecord
   ) STRICT;
   CREATE INDEX calls_in_progress ON calls (first_offset) WHERE ended_at IS NULL;
   CREATE INDEX calls_by_owner ON calls (owner, first_offset);
   CREATE INDEX calls_in_progress_by_owner ON calls (owner, first_offset) WHERE ended_at IS NULL;
   CREATE INDEX calls_by_parent ON calls (parent_call_sid) WHERE parent_call_sid IS NOT NULL;
   CREATE INDEX calls_by_end ON calls (ended_at) WHERE ended_at IS NOT NULL;

   CREATE TABLE intents (
     reference       TEXT    PRIMARY KEY,  -- unguessable, part of the call's callback URLs
     user            TEXT    NOT NULL,     -- who asked
     idempotency_key TEXT,                 -- the client's key for the request, if it gave one
     state           TEXT    NOT NULL,     -- open, placed or rejected
     call_sid        TEXT,                 -- the root call that came of it
     created_at      INTEGER NOT NULL,     -- ms since 1970
     intent          TEXT    NOT NULL      -- JSON of the DialIntent
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX intents_by_key ON intents (user, idempotency_key, created_at) WHERE idempotency_key IS NOT NULL;
   CREATE INDEX intents_by_call ON intents (call_sid) WHERE call_sid IS NOT NULL;
   CREATE INDEX intents_without_call ON intents (created_at) WHERE call_sid IS NULL;`,
};

/** Makes calls searchable (H2). */
const callFacets: Migration = {
  sql: `ALTER TABLE calls ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;           -- ms since 1970
   ALTER TABLE calls ADD COLUMN way        TEXT    NOT NULL DEFAULT 'outbound'; -- inbound or outbound
   ALTER TABLE calls ADD COLUMN outcome    TEXT;                                -- NULL while in progress
   ALTER TABLE calls ADD COLUMN answered   INTEGER NOT NULL DEFAULT 0;          -- 1: somebody answered
   ALTER TABLE calls ADD COLUMN search     TEXT    NOT NULL DEFAULT '';         -- see facet-columns.ts
   ${CREATE_STATISTICS}

   CREATE TABLE call_periods (
     period       INTEGER PRIMARY KEY, -- five minutes since 1970
     first_offset INTEGER NOT NULL,    -- of the calls that were created in it
     last_offset  INTEGER NOT NULL
   ) STRICT;
   CREATE TRIGGER note_period AFTER INSERT ON calls BEGIN
     INSERT INTO call_periods VALUES (NEW.created_at / 300000, NEW.first_offset, NEW.first_offset)
       ON CONFLICT DO UPDATE SET first_offset = min(first_offset, excluded.first_offset),
         last_offset = max(last_offset, excluded.last_offset);
   END;`,
  fill: fillFacets,
  afterwards: `INSERT INTO call_periods
     SELECT created_at / 300000, min(first_offset), max(first_offset) FROM calls GROUP BY 1;
   -- Everything a list can ask, in the order of the list: what no other index is for is found by walking this one.
   CREATE INDEX calls_walk ON calls (first_offset, search, outcome, way, owner, parent_call_sid, created_at);
   CREATE INDEX calls_by_outcome ON calls (outcome, first_offset) WHERE outcome IS NOT NULL;
   CREATE INDEX calls_by_way ON calls (way, first_offset);`,
};

/**
 * Detects damage within a row. Older rows stay without checksums, because their original content is unknown.
 */
const rowChecksums: Migration = {
  sql: `ALTER TABLE entries ADD COLUMN checksum            INTEGER; -- see checksum.ts
   ALTER TABLE entries ADD COLUMN parameters_checksum INTEGER;
   ALTER TABLE calls   ADD COLUMN checksum            INTEGER; -- of record
   ALTER TABLE intents ADD COLUMN checksum            INTEGER; -- of intent`,
};

const trimmedCalls: Migration = {sql: CREATE_TRIMMED_CALLS};

/**
 * Finds entries by the offset of their call, and identifies them by their key within the call. Sids and keys
 * are random, so an index on them dirties another page for nearly every entry. An index by call offset is
 * written at its end, where the calls in progress are.
 */
const entriesByCallOffset: Migration = {
  sql: `ALTER TABLE entries RENAME TO entries_by_sid;
   DROP INDEX entries_by_call;
   CREATE TABLE entries (
     "offset"    INTEGER PRIMARY KEY,        -- 1, 2, 3 … in commit order
     call_offset INTEGER NOT NULL,           -- first_offset of its call; 0 for a command to none
     dedupe_key  TEXT    NOT NULL,           -- one webhook, one entry, however often it comes
     verdict     TEXT    NOT NULL,           -- applied, late or duplicate
     repeats     INTEGER NOT NULL DEFAULT 0, -- how often the same event came again
     owner       TEXT,                       -- user who may see it; the call's owner when it was written
     event       TEXT    NOT NULL,           -- JSON of the CallEvent, without parameters
     call        TEXT,                       -- JSON of the CallRecord after it; where a status was applied
     parameters  TEXT,                       -- JSON of the webhook's fields, as evidence
     checksum            INTEGER,            -- see checksum.ts
     parameters_checksum INTEGER
   ) STRICT;
   INSERT INTO entries SELECT "offset",
       coalesce((SELECT first_offset FROM calls WHERE calls.call_sid = entries_by_sid.call_sid), 0),
       dedupe_key, verdict, repeats, owner, event, call, parameters, checksum, parameters_checksum
     FROM entries_by_sid ORDER BY "offset";
   DROP TABLE entries_by_sid;`,
  afterwards: 'CREATE UNIQUE INDEX entries_by_call ON entries (call_offset, dedupe_key);',
};

/** An index entry costs a page of the WAL, and of calls without an owner nobody asks by owner. */
const ownersOnly: Migration = {
  sql: `DROP INDEX calls_by_owner;
   DROP INDEX calls_in_progress_by_owner;`,
  afterwards: `CREATE INDEX calls_by_owner ON calls (owner, first_offset) WHERE owner IS NOT NULL;
   CREATE INDEX calls_in_progress_by_owner ON calls (owner, first_offset)
     WHERE ended_at IS NULL AND owner IS NOT NULL;`,
};

const migrations: readonly Migration[] = [
  firstTables,
  callFacets,
  rowChecksums,
  trimmedCalls,
  entriesByCallOffset,
  ownersOnly,
];

/** The schema version that this program writes. */
export const SCHEMA_VERSION = migrations.length;

/** Migrates the tables up to `target`. @throws Error if a newer program has written the database */
export function migrate(database: DatabaseSync, newEpoch: () => string, target = SCHEMA_VERSION): void {
  const version = numberOf(database.prepare('PRAGMA user_version').get()?.['user_version']);
  if (version > SCHEMA_VERSION) {
    throw new Error(
      `it has schema version ${version} and this program knows up to ${SCHEMA_VERSION}: ` +
        'it was written by a newer Hookswitch; start that version, or use another database',
    );
  }
  for (const [index, {sql, fill, afterwards = ''}] of migrations.entries()) {
    if (index < version || index >= target) continue;
    // The version changes in the same transaction, so that a crash leaves a migration either complete or
    // undone.
    database.exec('BEGIN IMMEDIATE');
    database.exec(sql);
    fill?.(database);
    database.exec(afterwards);
    if (index === 0) database.prepare('INSERT INTO meta VALUES (1, ?, 0, 0)').run(newEpoch());
    database.exec(`PRAGMA user_version = ${index + 1}`);
    database.exec('COMMIT');
  }
}

/**
 * Fills the new columns of existing calls. The triggers count them meanwhile. A million calls take about 40
 * s.
 */
function fillFacets(database: DatabaseSync): void {
  const read = database.prepare(
    'SELECT first_offset, record FROM calls WHERE first_offset > ? ORDER BY first_offset LIMIT 1000',
  );
  const write = database.prepare(
    `UPDATE calls SET created_at = ?, way = ?, outcome = ?, answered = ?, search = ? WHERE first_offset = ?`,
  );
  for (let rows = read.all(0); rows.length > 0; rows = read.all(numberOf(rows.at(-1)?.['first_offset']))) {
    for (const row of rows) {
      write.run(...facetValues(parseCall(textOf(row['record']))), numberOf(row['first_offset']));
    }
  }
}
