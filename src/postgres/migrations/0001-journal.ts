/** The journal: entries, calls, intents to dial, and statistics. */
import type {Migration} from './migration.ts';

// Keys use the "C" collation, which compares bytes. It does not depend on the database's locale or its
// version.
export const journalTables: Migration = {
  id: 1,
  name: 'journal',
  up: `
CREATE TABLE hookswitch.journal_head (
  id                smallint PRIMARY KEY CHECK (id = 1),
  epoch             text     NOT NULL,
  timeline          text     NOT NULL,
  system_identifier text     NOT NULL,
  trimmed_to        bigint   NOT NULL DEFAULT 0,
  probes            bigint   NOT NULL DEFAULT 0
);
COMMENT ON TABLE hookswitch.journal_head IS 'One row. Whoever appends locks it first (FOR UPDATE), so that offsets rise without gaps in commit order. The last offset is that of the last entry and is not written here: a row that is written with each commit leaves a dead version each time, which a long backup would keep.';
COMMENT ON COLUMN hookswitch.journal_head.id IS 'There is one row.';
COMMENT ON COLUMN hookswitch.journal_head.epoch IS 'Names this history; offsets of another epoch mean nothing here.';
COMMENT ON COLUMN hookswitch.journal_head.timeline IS 'Timeline of the write-ahead log in which the epoch began (8 hex digits). Another one: a standby was promoted or a backup restored, and commits may be gone.';
COMMENT ON COLUMN hookswitch.journal_head.system_identifier IS 'The cluster in which the epoch began; empty where this user may not ask. Another one: the rows were copied here.';
COMMENT ON COLUMN hookswitch.journal_head.trimmed_to IS 'Highest offset ever trimmed: above it, entries are without gaps.';
COMMENT ON COLUMN hookswitch.journal_head.probes IS 'Counts writes that mean nothing else: whether writing works.';

CREATE TABLE hookswitch.entries (
  "offset"   bigint  PRIMARY KEY,
  dedupe_key text COLLATE "C"    NOT NULL UNIQUE,
  call_sid   text COLLATE "C"    NOT NULL,
  verdict    text    NOT NULL,
  repeats    integer NOT NULL DEFAULT 0,
  owner      text COLLATE "C",
  event      text    NOT NULL,
  call       text,
  parameters text
) WITH (fillfactor = 95, autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
CREATE INDEX entries_by_call ON hookswitch.entries (call_sid);
COMMENT ON TABLE hookswitch.entries IS 'The journal: one row for everything that happened to a call.';
COMMENT ON COLUMN hookswitch.entries."offset" IS '1, 2, 3 … in commit order.';
COMMENT ON COLUMN hookswitch.entries.dedupe_key IS 'One webhook, one entry, however often it comes and at whatever node.';
COMMENT ON COLUMN hookswitch.entries.call_sid IS 'The call it is about.';
COMMENT ON COLUMN hookswitch.entries.verdict IS 'applied, late or duplicate.';
COMMENT ON COLUMN hookswitch.entries.repeats IS 'How often the same event came again.';
COMMENT ON COLUMN hookswitch.entries.owner IS 'User who may see it; the owner of the call when it was written.';
COMMENT ON COLUMN hookswitch.entries.event IS 'JSON of the CallEvent, without its parameters; text, so that it comes back as it was.';
COMMENT ON COLUMN hookswitch.entries.call IS 'JSON of the CallRecord after it; where a status was applied.';
COMMENT ON COLUMN hookswitch.entries.parameters IS 'JSON of the fields of the webhook, as evidence.';

CREATE TABLE hookswitch.calls (
  first_offset    bigint  PRIMARY KEY,
  call_sid        text COLLATE "C" NOT NULL UNIQUE,
  parent_call_sid text COLLATE "C",
  owner           text COLLATE "C",
  ended_at        bigint,
  updated_at      bigint  NOT NULL,
  created_at      bigint  NOT NULL,
  way             text    NOT NULL,
  outcome         text,
  answered        boolean NOT NULL,
  search          text    NOT NULL,
  record          text    NOT NULL
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
CREATE INDEX calls_in_progress ON hookswitch.calls (first_offset) WHERE ended_at IS NULL;
CREATE INDEX calls_in_progress_by_owner ON hookswitch.calls (owner, first_offset) WHERE ended_at IS NULL;
CREATE INDEX calls_by_owner ON hookswitch.calls (owner, first_offset);
CREATE INDEX calls_by_parent ON hookswitch.calls (parent_call_sid) WHERE parent_call_sid IS NOT NULL;
CREATE INDEX calls_by_end ON hookswitch.calls (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX calls_by_outcome ON hookswitch.calls (outcome, first_offset) WHERE outcome IS NOT NULL;
CREATE INDEX calls_by_way ON hookswitch.calls (way, first_offset);
CREATE INDEX calls_walk ON hookswitch.calls (first_offset)
  INCLUDE (search, outcome, way, owner, parent_call_sid, created_at);
COMMENT ON TABLE hookswitch.calls IS 'Each call as its entries left it.';
COMMENT ON COLUMN hookswitch.calls.first_offset IS 'Offset of its first entry: calls are listed by it.';
COMMENT ON COLUMN hookswitch.calls.call_sid IS 'Twilio''s name of the call.';
COMMENT ON COLUMN hookswitch.calls.parent_call_sid IS 'The call it is a leg of.';
COMMENT ON COLUMN hookswitch.calls.owner IS 'User who may see it.';
COMMENT ON COLUMN hookswitch.calls.ended_at IS 'Milliseconds since 1970; NULL while in progress.';
COMMENT ON COLUMN hookswitch.calls.updated_at IS 'Milliseconds since 1970 of the last evidence, late evidence included.';
COMMENT ON COLUMN hookswitch.calls.created_at IS 'Milliseconds since 1970.';
COMMENT ON COLUMN hookswitch.calls.way IS 'inbound or outbound.';
COMMENT ON COLUMN hookswitch.calls.outcome IS 'How it ended; NULL while in progress.';
COMMENT ON COLUMN hookswitch.calls.answered IS 'Somebody answered.';
COMMENT ON COLUMN hookswitch.calls.search IS 'The beginning of the sid and both parties, folded: what text is looked for in.';
COMMENT ON COLUMN hookswitch.calls.record IS 'JSON of the CallRecord.';

CREATE TABLE hookswitch.intents (
  reference       text COLLATE "C"   PRIMARY KEY,
  "user"          text COLLATE "C"   NOT NULL,
  idempotency_key text COLLATE "C",
  state           text   NOT NULL,
  call_sid        text COLLATE "C",
  created_at      bigint NOT NULL,
  intent          text   NOT NULL
);
CREATE INDEX intents_by_key ON hookswitch.intents ("user", idempotency_key, created_at) WHERE idempotency_key IS NOT NULL;
CREATE INDEX intents_by_call ON hookswitch.intents (call_sid) WHERE call_sid IS NOT NULL;
CREATE INDEX intents_without_call ON hookswitch.intents (created_at) WHERE call_sid IS NULL;
COMMENT ON TABLE hookswitch.intents IS 'What was about to be dialed, written before Twilio is asked.';
COMMENT ON COLUMN hookswitch.intents.reference IS 'Unguessable, part of the callback URLs of the call.';
COMMENT ON COLUMN hookswitch.intents."user" IS 'Who asked.';
COMMENT ON COLUMN hookswitch.intents.idempotency_key IS 'The key of the client for the request, if it gave one.';
COMMENT ON COLUMN hookswitch.intents.state IS 'open, placed or rejected.';
COMMENT ON COLUMN hookswitch.intents.call_sid IS 'The root call that came of it.';
COMMENT ON COLUMN hookswitch.intents.created_at IS 'Milliseconds since 1970.';
COMMENT ON COLUMN hookswitch.intents.intent IS 'JSON of the DialIntent.';

CREATE TABLE hookswitch.forgotten_calls (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  call   bigint NOT NULL UNIQUE
);
COMMENT ON TABLE hookswitch.forgotten_calls IS 'Calls that were trimmed, the last million: a copy of one of their webhooks does not begin them anew.';
COMMENT ON COLUMN hookswitch.forgotten_calls.number IS 'Rises in the order in which they were trimmed.';
COMMENT ON COLUMN hookswitch.forgotten_calls.call IS '64 bits of the SHA-256 of the call''s sid.';

CREATE TABLE hookswitch.call_statistics (
  audience  text COLLATE "C"   NOT NULL,
  hour      bigint NOT NULL,
  completed bigint NOT NULL,
  busy      bigint NOT NULL,
  no_answer bigint NOT NULL,
  canceled  bigint NOT NULL,
  failed    bigint NOT NULL,
  answered  bigint NOT NULL,
  PRIMARY KEY (audience, hour)
) WITH (fillfactor = 50);
COMMENT ON TABLE hookswitch.call_statistics IS 'Ended root calls by the hour in which they were created; written in the transaction that changes the calls.';
COMMENT ON COLUMN hookswitch.call_statistics.audience IS '"all", or "user:" and the owner.';
COMMENT ON COLUMN hookswitch.call_statistics.hour IS 'Whole hours since 1970.';
COMMENT ON COLUMN hookswitch.call_statistics.completed IS 'Ended as completed.';
COMMENT ON COLUMN hookswitch.call_statistics.busy IS 'Ended as busy.';
COMMENT ON COLUMN hookswitch.call_statistics.no_answer IS 'Ended as no-answer.';
COMMENT ON COLUMN hookswitch.call_statistics.canceled IS 'Ended as canceled.';
COMMENT ON COLUMN hookswitch.call_statistics.failed IS 'Ended as failed.';
COMMENT ON COLUMN hookswitch.call_statistics.answered IS 'Of all of them, those that somebody answered.';

CREATE TABLE hookswitch.call_periods (
  period       bigint PRIMARY KEY,
  first_offset bigint NOT NULL,
  last_offset  bigint NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE hookswitch.call_periods IS 'Which first offsets the calls of a time have: lists are in order of offsets, and are asked for by time.';
COMMENT ON COLUMN hookswitch.call_periods.period IS 'Five minutes since 1970.';
COMMENT ON COLUMN hookswitch.call_periods.first_offset IS 'Lowest of the calls that were created in it.';
COMMENT ON COLUMN hookswitch.call_periods.last_offset IS 'Highest of them.';
`,
};
