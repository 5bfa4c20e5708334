/**
 * Orders in which sessions are listed, and the first few of many in such an order: ten thousand sessions are looked
 * at for a page of fifty, and not sorted.
 */
import type {Session} from './session.ts';

export const sessionSorts = ['connected', 'activity', 'lag', 'unsent'] as const;

/** What sessions are listed by: the last to connect, the last to be active, the furthest behind, the most unsent first. */
export type SessionSort = (typeof sessionSorts)[number];

/** A place in an order: a session's rank, and its id among equals. */
export interface Position {
  readonly rank: number;
  readonly sessionId: string;
}

/**
 * A whole number; higher comes first. The lag is ranked by the cursor and not by the distance to the head: the head's
 * moving changes every distance, but no place in this order.
 */
export const rankOf: Readonly<Record<SessionSort, (session: Session) => number>> = {
  connected: ({connectedAt}) => connectedAt,
  activity: ({lastActivityAt}) => lastActivityAt,
  lag: ({cursor}) => -cursor,
  unsent: ({socket}) => socket.unsentBytes,
};

export interface Ranked {
  readonly rank: number;
  readonly session: Session;
}

/** The first `max` sessions after a position. */
export class SessionOrder {
  readonly #max: number;
  readonly #after: Position | undefined;
  /** In order. */
  readonly #best: Ranked[] = [];
  /** Where the last of a full list stands: most sessions come after it, and are told by two comparisons. */
  #lastRank = Number.NEGATIVE_INFINITY;
  #lastId = '';

  constructor(max: number, after?: Position) {
    this.#max = max;
    this.#after = after;
  }

  offer(rank: number, session: Session): void {
    if (rank < this.#lastRank || (rank === this.#lastRank && session.id >= this.#lastId)) return;
    if (this.#after !== undefined && !isBefore(this.#after, {rank, sessionId: session.id})) return;
    this.#best.splice(this.#placeOf({rank, sessionId: session.id}), 0, {rank, session});
    if (this.#best.length > this.#max) this.#best.pop();
    const last = this.#best.at(-1);
    if (this.#best.length < this.#max || last === undefined) return;
    this.#lastRank = last.rank;
    this.#lastId = last.session.id;
  }

  best(): readonly Ranked[] {
    return this.#best;
  }

  /** Index of the first that comes after it. */
  #placeOf(position: Position): number {
    let low = 0;
    let high = this.#best.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#best[middle];
      if (other !== undefined && isBefore(positionOf(other), position)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export function positionOf({rank, session}: Ranked): Position {
  return {rank, sessionId: session.id};
}

function isBefore(one: Position, other: Position): boolean {
  return one.rank === other.rank ? one.sessionId < other.sessionId : one.rank > other.rank;
}
