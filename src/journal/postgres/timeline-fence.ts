/**
 * Keeps a node from going back to a server that another one has taken the place of: the primary of before a failover, which
 * runs again or never stopped, and which a connection, a name or a proxy still leads to. What it were given would be lost with it,
 * and what it has is not what the node has told since.
 *
 * A node remembers for as long as it runs; one that starts has seen nothing, and believes the server that it reaches.
 */
import {JournalUnavailableError} from '../../errors/app-error.ts';

/** Where a history was written. */
export interface ServerTimeline {
  /** Of the cluster; empty where this user may not ask. */
  readonly systemIdentifier: string;
  /** Of its write-ahead log, 8 hex digits: each promotion has a higher one. */
  readonly timeline: string;
}

export class TimelineFence {
  #newest: ServerTimeline | undefined;

  /** @throws JournalUnavailableError — this node has seen what came after it */
  check({systemIdentifier, timeline}: ServerTimeline): void {
    const newest = this.#newest;
    if (newest === undefined || timeline >= newest.timeline) return;
    const isKnown = systemIdentifier !== '' && newest.systemIdentifier !== '';
    // Of different clusters nothing can be said.
    if (isKnown && systemIdentifier !== newest.systemIdentifier) return;
    throw new JournalUnavailableError(
      `The database is one of before a failover: it is on timeline ${timeline}, and this node has seen ${newest.timeline}. ` +
        'DATABASE_URL has to lead to the one that was promoted; where this one is meant, as after a restore, restart the nodes.',
    );
  }

  /** The node is told from there from now on. @throws JournalUnavailableError — as `check` */
  admit(server: ServerTimeline): void {
    this.check(server);
    this.#newest = server;
  }
}
