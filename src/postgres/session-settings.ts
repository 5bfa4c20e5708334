/** What every connection of ours asks of the server and of itself: time limits, and what may not depend on a server's defaults. */
import {type ClientConfig, types} from 'pg';
import type {PostgresAddress} from './postgres-url.ts';

/** All times in milliseconds. */
export interface SessionLimits {
  /** Until a connection is made, or one of the pool is free. */
  readonly connectMs: number;
  /** A statement, on the server. */
  readonly statementMs: number;
  /** A wait for a lock. */
  readonly lockMs: number;
  /** A transaction of ours that does nothing: the server ends it, so that a node that was paused holds up nobody. */
  readonly idleInTransactionMs: number;
  /** An answer, on our side: what a server that is paused or cut off costs. */
  readonly answerMs: number;
}

/**
 * `lockMs` is above `idleInTransactionMs`: when another node stops within a transaction, the server ends that one before
 * anybody gives up waiting for it.
 */
export const sessionLimits: SessionLimits = {
  connectMs: 3000,
  statementMs: 5000,
  lockMs: 2000,
  idleInTransactionMs: 1500,
  answerMs: 6000,
};

/** For a migration: an index on millions of rows takes its time, and so does the node that is at it already. */
export const migrationLimits: SessionLimits = {
  connectMs: 3000,
  statementMs: 600_000,
  lockMs: 600_000,
  idleInTransactionMs: 30_000,
  answerMs: 610_000,
};

/** Settings of the server for each session. The values are ours; nothing of them comes from outside. */
const settings: Readonly<Record<string, string>> = {
  // J1: durable when it resolves, whatever the server's default is.
  synchronous_commit: 'on',
  search_path: 'hookswitch',
  client_min_messages: 'warning',
  timezone: 'UTC',
  // Each statement of ours goes by an index. A plan that was made while a table was small must not outlive that, and
  // a table that nobody has analysed yet must not be read from end to end.
  enable_seqscan: 'off',
  // Compiling takes longer than any statement of ours.
  jit: 'off',
  // A node that is cut off cannot say that it gives a connection up: the server's default finds out after two hours, and until then
  // each one counts against its limit.
  tcp_keepalives_idle: '10',
  tcp_keepalives_interval: '5',
  tcp_keepalives_count: '3',
};

const INT8 = 20;

/** Offsets and milliseconds are far below 2^53. */
function parseInt8(text: string): number {
  return Number(text);
}

export function clientConfig(
  address: PostgresAddress,
  applicationName: string,
  limits: SessionLimits = sessionLimits,
): ClientConfig {
  const {host, port, user, password, database, ssl} = address;
  return {
    ...{host, port, user, database, ssl},
    ...(password === undefined ? {} : {password}),
    application_name: applicationName,
    connectionTimeoutMillis: limits.connectMs,
    statement_timeout: limits.statementMs,
    lock_timeout: limits.lockMs,
    idle_in_transaction_session_timeout: limits.idleInTransactionMs,
    query_timeout: limits.answerMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    options: Object.entries(settings)
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(' '),
    types: {
      getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
        oid === INT8 && format !== 'binary'
          ? parseInt8
          : types.getTypeParser(oid, format)) as typeof types.getTypeParser,
    },
  };
}
