/**
 * Shares the results of lookups among nodes, because a lookup without a change writes no entry for other
 * nodes to read.
 */
import type {Offset} from '../journal/call-event.ts';

export interface Confirmation {
  readonly callSid: string;
  /** The call's last entry at the time of the lookup. */
  readonly offset: Offset;
  /** Milliseconds from now for which the call's state counts as confirmed. */
  readonly forMs: number;
}

export interface Confirmations {
  /**
   * Publishes confirmations. Never throws: without its confirmation, other nodes show a call as unconfirmed.
   */
  publish(confirmations: readonly Confirmation[]): void;
  /** Returns the valid confirmations. @throws JournalUnavailableError */
  list(): Promise<readonly Confirmation[]>;
}
