/** The part of the journal that operates it. */
import type {JournalOpening} from './followable-journal.ts';

export interface TrimRequest {
  /**
   * Calls that ended before this moment (milliseconds since 1970) are deleted together with their entries.
   */
  readonly endedBefore: number;
  /** The maximum number of calls per request, so that appends are not delayed. */
  readonly limit: number;
}

/** Opens, trims, probes and closes the journal. */
export interface JournalMaintenance {
  /** Opens or creates the journal. The constructor touches nothing. @throws JournalUnavailableError */
  open(): Promise<JournalOpening>;

  /**
   * Deletes ended calls in small steps and returns their number. The journal remembers at least the last
   * million trimmed calls, so that a late event of a trimmed call does not create it again (J2).
   * @throws JournalUnavailableError
   */
  trim(request: TrimRequest): Promise<number>;

  /** Checks that a write would be durable now, by making one. @throws JournalUnavailableError */
  probe(): Promise<void>;

  /** Finishes accepted requests and closes. Idempotent. */
  close(): Promise<void>;
}
