/** The tables that nodes share besides the journal: nodes, sessions, leases and placement limits. */
import type {Migration} from './migration.ts';

export const clusterTables: Migration = {
  id: 2,
  name: 'cluster',
  up: `
CREATE UNLOGGED TABLE hookswitch.nodes (
  instance        uuid        PRIMARY KEY,
  node_id         text        NOT NULL,
  version         text        NOT NULL,
  started_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  heartbeat_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  facts           jsonb       NOT NULL,
  clock_ahead_ms  bigint      NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
COMMENT ON TABLE hookswitch.nodes IS 'The nodes there are. Not logged: after a crash of the database each writes its row anew with the next heartbeat.';
COMMENT ON COLUMN hookswitch.nodes.instance IS 'A run of a node: a process that starts again is another one.';
COMMENT ON COLUMN hookswitch.nodes.node_id IS 'NODE_ID, for people.';
COMMENT ON COLUMN hookswitch.nodes.version IS 'Of the program.';
COMMENT ON COLUMN hookswitch.nodes.started_at IS 'When it joined, by the clock of the database, as all times here.';
COMMENT ON COLUMN hookswitch.nodes.heartbeat_at IS 'When it was last heard of.';
COMMENT ON COLUMN hookswitch.nodes.facts IS 'What it tells of itself: where its feed is, counts of its sessions.';
COMMENT ON COLUMN hookswitch.nodes.clock_ahead_ms IS 'How far its wall clock was ahead of the database.';

CREATE UNLOGGED TABLE hookswitch.sessions (
  session_id       text COLLATE "C" PRIMARY KEY,
  instance         uuid   NOT NULL REFERENCES hookswitch.nodes ON DELETE CASCADE,
  user_name        text   NOT NULL,
  phase            text   NOT NULL,
  "cursor"         bigint,
  unsent_bytes     bigint NOT NULL,
  connected_at     bigint NOT NULL,
  last_activity_at bigint NOT NULL,
  search_text      text   NOT NULL,
  details          text   NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX sessions_by_instance ON hookswitch.sessions (instance);
CREATE INDEX sessions_by_user ON hookswitch.sessions (user_name);
COMMENT ON TABLE hookswitch.sessions IS 'Sessions as their nodes publish them, for lists and for the limit per user. Not logged, as the nodes.';
COMMENT ON COLUMN hookswitch.sessions.session_id IS 'As in session.ready.';
COMMENT ON COLUMN hookswitch.sessions.instance IS 'Whose it is; the rows of a node go with it.';
COMMENT ON COLUMN hookswitch.sessions.user_name IS 'The user of its token.';
COMMENT ON COLUMN hookswitch.sessions.phase IS 'As in GET /api/sessions; closed: one of the last that closed.';
COMMENT ON COLUMN hookswitch.sessions."cursor" IS 'Offset it stands at; NULL: where the feed of its node is.';
COMMENT ON COLUMN hookswitch.sessions.unsent_bytes IS 'Written to its socket and not taken yet.';
COMMENT ON COLUMN hookswitch.sessions.connected_at IS 'Milliseconds since 1970 by the clock of its node.';
COMMENT ON COLUMN hookswitch.sessions.last_activity_at IS 'The same, when it was last heard.';
COMMENT ON COLUMN hookswitch.sessions.search_text IS 'User, address and origin in lower case.';
COMMENT ON COLUMN hookswitch.sessions.details IS 'JSON: what is shown and not looked for.';

CREATE TABLE hookswitch.leases (
  name       text        PRIMARY KEY,
  holder     uuid,
  token      bigint      NOT NULL,
  expires_at timestamptz NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE hookswitch.leases IS 'What one node does at a time. Logged: a token must never come twice.';
COMMENT ON COLUMN hookswitch.leases.name IS 'The duty.';
COMMENT ON COLUMN hookswitch.leases.holder IS 'The instance that has it; NULL: it was given up.';
COMMENT ON COLUMN hookswitch.leases.token IS 'Rises with every holder: a write with a lower one comes too late.';
COMMENT ON COLUMN hookswitch.leases.expires_at IS 'When another node may take it, by the clock of the database.';

CREATE TABLE hookswitch.placement_state (
  id         smallint PRIMARY KEY CHECK (id = 1),
  settled_to bigint   NOT NULL
) WITH (fillfactor = 50);
INSERT INTO hookswitch.placement_state VALUES (1, 0);
COMMENT ON TABLE hookswitch.placement_state IS 'One row. Whoever admits a call locks it first, so that admissions come one after the other.';
COMMENT ON COLUMN hookswitch.placement_state.id IS 'There is one row.';
COMMENT ON COLUMN hookswitch.placement_state.settled_to IS 'Calls that were placed up to this offset have no line any more: whoever counts must have read as far.';

CREATE TABLE hookswitch.placement_lines (
  line        uuid        PRIMARY KEY,
  taken_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  written     bigint,
  released_at timestamptz
);
COMMENT ON TABLE hookswitch.placement_lines IS 'Calls that were admitted and that not every node counts as in progress yet.';
COMMENT ON COLUMN hookswitch.placement_lines.line IS 'Chosen by the node that asked.';
COMMENT ON COLUMN hookswitch.placement_lines.taken_at IS 'One that nobody gives back runs out.';
COMMENT ON COLUMN hookswitch.placement_lines.written IS 'The first entry of the call; 0: there is none; NULL: still under way.';
COMMENT ON COLUMN hookswitch.placement_lines.released_at IS 'When it was given back.';

CREATE TABLE hookswitch.allowances (
  key        text             PRIMARY KEY,
  remaining  double precision NOT NULL,
  updated_at timestamptz      NOT NULL
) WITH (fillfactor = 70);
COMMENT ON TABLE hookswitch.allowances IS 'What is left of the calls a minute; rows that are full again are deleted.';
COMMENT ON COLUMN hookswitch.allowances.key IS 'user: and the name of the user, or all.';
COMMENT ON COLUMN hookswitch.allowances.remaining IS 'Calls, with fractions, as of updated_at.';
COMMENT ON COLUMN hookswitch.allowances.updated_at IS 'By the clock of the database.';

CREATE FUNCTION hookswitch.refill_allowance(wanted text, per_minute double precision, change double precision)
RETURNS double precision LANGUAGE plpgsql AS $body$
DECLARE
  moment timestamptz := clock_timestamp();
  result double precision;
BEGIN
  INSERT INTO hookswitch.allowances AS a (key, remaining, updated_at)
  VALUES (wanted, least(per_minute, per_minute + change), moment)
  ON CONFLICT (key) DO UPDATE SET
    -- A clock that was put back refills nothing, and takes nothing away.
    remaining = least(per_minute, a.remaining + change
      + greatest(0, extract(epoch FROM moment - a.updated_at)) * per_minute / 60),
    updated_at = moment
  RETURNING remaining INTO result;
  RETURN result;
END
$body$;
COMMENT ON FUNCTION hookswitch.refill_allowance IS 'An allowance as it is now, after a change; kept.';

CREATE FUNCTION hookswitch.admit_call(
  wanted_line uuid, user_key text, per_minute double precision, per_minute_of_all double precision,
  max_active integer, active integer, head bigint, line_seconds double precision, settle_seconds double precision,
  OUT outcome text, OUT wait_ms double precision)
LANGUAGE plpgsql AS $body$
DECLARE
  settled bigint;
  under_way integer;
  remaining double precision;
BEGIN
  SELECT settled_to INTO settled FROM hookswitch.placement_state WHERE id = 1 FOR UPDATE;
  -- Each statement from here on sees what whoever had the lock before has committed.
  WITH gone AS (
    DELETE FROM hookswitch.placement_lines
    WHERE released_at < clock_timestamp() - make_interval(secs => settle_seconds)
       OR (released_at IS NULL AND taken_at < clock_timestamp() - make_interval(secs => line_seconds))
    RETURNING written)
  SELECT greatest(settled, max(written)) INTO settled FROM gone;
  UPDATE hookswitch.placement_state SET settled_to = settled WHERE id = 1 AND settled_to < settled;
  wait_ms := 0;
  IF head < settled THEN
    outcome := 'behind';
    RETURN;
  END IF;
  SELECT count(*) INTO under_way FROM hookswitch.placement_lines WHERE written IS NULL OR written > head;
  IF active + under_way >= max_active THEN
    outcome := 'busy';
    RETURN;
  END IF;
  remaining := hookswitch.refill_allowance(user_key, per_minute, 0);
  IF remaining < 1 THEN
    outcome := 'user-rate';
    wait_ms := ceil((1 - remaining) * 60000 / per_minute);
    RETURN;
  END IF;
  remaining := hookswitch.refill_allowance('all', per_minute_of_all, 0);
  IF remaining < 1 THEN
    outcome := 'all-rate';
    wait_ms := ceil((1 - remaining) * 60000 / per_minute_of_all);
    RETURN;
  END IF;
  PERFORM hookswitch.refill_allowance(user_key, per_minute, -1);
  PERFORM hookswitch.refill_allowance('all', per_minute_of_all, -1);
  INSERT INTO hookswitch.placement_lines (line) VALUES (wanted_line);
  outcome := 'admitted';
END
$body$;
COMMENT ON FUNCTION hookswitch.admit_call IS 'Decides about one call to place, and takes a line and the allowances where it may be.';
`,
};
