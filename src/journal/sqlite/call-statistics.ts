/**
 * Counts ended root calls per hour of their creation. Triggers keep the counts up to date in the transaction
 * of every change: an append, an owner that becomes known, a trim.
 */

export const SELECT_STATISTICS = `SELECT hour, answered, completed, busy, no_answer AS "no-answer", canceled, failed
  FROM call_statistics WHERE audience = ? AND hour >= ? AND hour < ? ORDER BY hour`;

const outcomes = {
  completed: 'completed',
  busy: 'busy',
  no_answer: 'no-answer',
  canceled: 'canceled',
  failed: 'failed',
} as const;
const columns = Object.keys(outcomes).join(', ');
const HOUR_MS = 3_600_000;

function counted(row: string): string {
  return `${row}outcome IS NOT NULL AND ${row}parent_call_sid IS NULL`;
}

function values(row: string): string {
  const each = Object.values(outcomes).map((outcome) => `${row}outcome = '${outcome}'`);
  return `${row}created_at / ${HOUR_MS}, ${each.join(', ')}, ${row}answered`;
}

const add = (row: string): string => {
  const sums = [...Object.keys(outcomes), 'answered'].map((name) => `${name} = ${name} + excluded.${name}`);
  return `INSERT INTO call_statistics (audience, hour, ${columns}, answered)
    SELECT 'all', ${values(row)} WHERE ${counted(row)}
    UNION ALL SELECT 'user:' || ${row}owner, ${values(row)} WHERE ${counted(row)} AND ${row}owner IS NOT NULL
    ON CONFLICT DO UPDATE SET ${sums.join(', ')};`;
};

const subtract = (row: string): string => {
  const differences = Object.entries(outcomes).map(
    ([name, outcome]) => `${name} = ${name} - (${row}outcome = '${outcome}')`,
  );
  return `UPDATE call_statistics SET ${differences.join(', ')}, answered = answered - ${row}answered
    WHERE hour = ${row}created_at / ${HOUR_MS} AND audience IN ('all', 'user:' || ${row}owner) AND ${counted(row)};`;
};

const CHANGED = ['outcome', 'owner', 'parent_call_sid', 'answered', 'created_at']
  .map((column) => `OLD.${column} IS NOT NEW.${column}`)
  .join(' OR ');

/**
 * Creates the table and the triggers that count. This SQL is part of a migration, so it must never change.
 */
export const CREATE_STATISTICS = `
  CREATE TABLE call_statistics (
    audience  TEXT    NOT NULL, -- 'all', or 'user:' and the owner
    hour      INTEGER NOT NULL, -- whole hours since 1970
    completed INTEGER NOT NULL,
    busy      INTEGER NOT NULL,
    no_answer INTEGER NOT NULL,
    canceled  INTEGER NOT NULL,
    failed    INTEGER NOT NULL,
    answered  INTEGER NOT NULL, -- of all of them
    PRIMARY KEY (audience, hour)
  ) STRICT, WITHOUT ROWID;
  CREATE TRIGGER count_new_call AFTER INSERT ON calls WHEN ${counted('NEW.')} BEGIN ${add('NEW.')} END;
  CREATE TRIGGER count_changed_call AFTER UPDATE ON calls
    WHEN (NEW.outcome IS NOT NULL OR OLD.outcome IS NOT NULL) AND (${CHANGED})
    BEGIN ${subtract('OLD.')} ${add('NEW.')} END;
  CREATE TRIGGER count_forgotten_call AFTER DELETE ON calls WHEN ${counted('OLD.')} BEGIN
    ${subtract('OLD.')}
    DELETE FROM call_statistics
      WHERE hour = OLD.created_at / ${HOUR_MS} AND audience IN ('all', 'user:' || OLD.owner)
        AND completed + busy + no_answer + canceled + failed = 0;
  END;`;
