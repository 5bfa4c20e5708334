/**
 * Keeps a node from returning to a replaced server. After a failover, the old primary may still run, and a
 * connection, a DNS name or a proxy may still lead to it. Writes to that server would be lost, and its
 * entries contradict the entries that this node has already delivered.
 *
 * The newest timeline is kept in memory only. A node that has just started accepts the server that it
 * reaches.
 */
import {JournalUnavailableError} from '../../errors/app-error.ts';

/** Identifies the server and timeline that wrote a history. */
export interface ServerTimeline {
  /** The database cluster's identifier. Empty if this user lacks the permission to read it. */
  readonly systemIdentifier: string;
  /** The timeline of the write-ahead log, 8 hex digits. Each promotion raises it. */
  readonly timeline: string;
}

export class TimelineFence {
  #newest: ServerTimeline | undefined;

  /** @throws JournalUnavailableError if this node has already seen a newer timeline */
  check({systemIdentifier, timeline}: ServerTimeline): void {
    const newest = this.#newest;
    if (newest === undefined || timeline >= newest.timeline) return;
    const isKnown = systemIdentifier !== '' && newest.systemIdentifier !== '';
    // Timelines of different clusters cannot be compared.
    if (isKnown && systemIdentifier !== newest.systemIdentifier) return;
    throw new JournalUnavailableError(
      `The database is on timeline ${timeline}, and this node has already seen ${newest.timeline}: it was replaced by a failover. ` +
        'Point DATABASE_URL to the promoted server. If you mean this one, as after a restore, restart the nodes.',
    );
  }

  /** Accepts this server and remembers its timeline. @throws JournalUnavailableError like `check` */
  admit(server: ServerTimeline): void {
    this.check(server);
    this.#newest = server;
  }
}
